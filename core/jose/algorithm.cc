#include "core/jose/algorithm.h"

#include <algorithm>
#include <array>

namespace weir::jose {
namespace {

constexpr std::array<std::string_view, kAlgorithmCount> kAlgorithmNames = {
    "ES256", "ES384", "ES512", "EdDSA", "RS256", "RS384", "RS512",
    "PS256", "PS384", "PS512", "HS256", "HS384", "HS512"};

}  // namespace

std::string_view nameOf(Algorithm algorithm) {
  return kAlgorithmNames[static_cast<std::size_t>(algorithm)];
}

std::optional<Algorithm> algorithmNamed(std::string_view name) {
  const auto* const found = std::ranges::find(kAlgorithmNames, name);
  if (found == kAlgorithmNames.end()) return std::nullopt;
  return static_cast<Algorithm>(found - kAlgorithmNames.begin());
}

}  // namespace weir::jose
