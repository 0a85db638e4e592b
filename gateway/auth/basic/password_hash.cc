#include "gateway/auth/basic/password_hash.h"

#include <algorithm>
#include <crypt.h>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>

#include "core/base/number.h"

namespace weir::gateway::basic {
namespace {

constexpr std::string_view kWeak = "is quickly guessed or unknown: use bcrypt (htpasswd -B)";
constexpr std::string_view kTooCostly = "costs too much";
constexpr std::string_view kBroken = "is not complete";

bool isHashText(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
           c == '/';
  });
}

// "$2y$10$" and 53 characters.
std::string_view faultOfBcrypt(std::string_view hash) {
  constexpr std::size_t kSize = 60;
  constexpr unsigned kLeast = 4;
  constexpr unsigned kMost = 14;
  if (hash.size() != kSize || hash[6] != '$' || !isHashText(hash.substr(7))) return kBroken;
  const auto cost = parseNumber<unsigned>(hash.substr(4, 2));
  if (!cost || *cost < kLeast) return kBroken;
  return *cost > kMost ? kTooCostly : std::string_view();
}

// "$6$rounds=5000$SALT$HASH"; the rounds may be missing. `size`: of the hash.
std::string_view faultOfSha(std::string_view rest, std::size_t size) {
  constexpr std::string_view kRounds = "rounds=";
  constexpr unsigned kMost = 1'000'000;
  if (rest.starts_with(kRounds)) {
    const std::size_t end = rest.find('$');
    if (end == std::string_view::npos) return kBroken;
    const auto rounds = parseNumber<unsigned>(rest.substr(kRounds.size(), end - kRounds.size()));
    if (!rounds) return kBroken;
    if (*rounds > kMost) return kTooCostly;
    rest.remove_prefix(end + 1);
  }
  const std::size_t salt = rest.find('$');
  if (salt == std::string_view::npos || !isHashText(rest.substr(0, salt))) return kBroken;
  const std::string_view digest = rest.substr(salt + 1);
  return digest.size() == size && isHashText(digest) ? std::string_view() : kBroken;
}

// "$y$j9T$SALT$HASH": the second letter is the binary logarithm of the memory, 9 for 16 MiB.
std::string_view faultOfYescrypt(std::string_view rest) {
  constexpr std::string_view kCosts = "56789AB";  // up to 64 MiB
  constexpr std::size_t kParameters = 3;
  constexpr std::size_t kHash = 43;
  if (rest.size() < kParameters || rest.find('$') != kParameters || rest[0] != 'j') return kBroken;
  if (kCosts.find(rest[1]) == std::string_view::npos) return kTooCostly;
  if (rest[2] != 'T' && rest[2] != '5') return kTooCostly;
  rest.remove_prefix(kParameters + 1);
  const std::size_t salt = rest.find('$');
  if (salt == std::string_view::npos || !isHashText(rest.substr(0, salt))) return kBroken;
  const std::string_view digest = rest.substr(salt + 1);
  return digest.size() == kHash && isHashText(digest) ? std::string_view() : kBroken;
}

// Takes the same time wherever they differ.
bool isSameText(std::string_view one, std::string_view other) {
  if (one.size() != other.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    difference |= static_cast<unsigned char>(one[i]) ^ static_cast<unsigned char>(other[i]);
  }
  return difference == 0;
}

}  // namespace

std::string_view faultOf(std::string_view hash) {
  constexpr std::size_t kSha256Size = 43;
  constexpr std::size_t kSha512Size = 86;
  for (const std::string_view prefix : {"$2a$", "$2b$", "$2y$"}) {
    if (hash.starts_with(prefix)) return faultOfBcrypt(hash);
  }
  if (hash.starts_with("$5$")) return faultOfSha(hash.substr(3), kSha256Size);
  if (hash.starts_with("$6$")) return faultOfSha(hash.substr(3), kSha512Size);
  if (hash.starts_with("$y$")) return faultOfYescrypt(hash.substr(3));
  return kWeak;
}

bool isPassword(const std::string& password, const std::string& hash) {
  const auto data = std::make_unique<crypt_data>();
  const char* const result = ::crypt_r(password.c_str(), hash.c_str(), data.get());
  const bool good = result != nullptr && isSameText(result, hash);
  ::explicit_bzero(data.get(), sizeof(crypt_data));
  return good;
}

}  // namespace weir::gateway::basic
