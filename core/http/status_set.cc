#include "core/http/status_set.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "core/base/number.h"

namespace weir::http {
namespace {

constexpr std::size_t kRanges = 2;
// First the ranges of HTTP statuses, then the gRPC statuses in the order of their numbers, from 1.
constexpr std::array<std::string_view, kRanges + 16> kStatusWords = {
    "gateway-error",       "5xx",       "cancelled",      "unknown",           "invalid-argument",
    "deadline-exceeded",   "not-found", "already-exists", "permission-denied", "resource-exhausted",
    "failed-precondition", "aborted",   "out-of-range",   "unimplemented",     "internal",
    "unavailable",         "data-loss", "unauthenticated"};

constexpr std::size_t kFirstOfRange[kRanges] = {502, 500};
constexpr std::size_t kLastOfRange[kRanges] = {504, 599};

}  // namespace

bool StatusSet::add(std::string_view word) {
  const auto found = std::find(kStatusWords.begin(), kStatusWords.end(), word);
  if (found == kStatusWords.end()) {
    const auto status = parseNumber<int>(word);
    if (!status || *status < kLeast || *status >= static_cast<int>(kHttp)) return false;
    http_.set(static_cast<std::size_t>(*status));
    return true;
  }
  const auto index = static_cast<std::size_t>(std::distance(kStatusWords.begin(), found));
  if (index >= kRanges) {
    grpc_.set(index - kRanges + 1);
    return true;
  }
  for (std::size_t i = kFirstOfRange[index]; i <= kLastOfRange[index]; ++i) http_.set(i);
  return true;
}

std::span<const std::string_view> StatusSet::words() { return kStatusWords; }

}  // namespace weir::http
