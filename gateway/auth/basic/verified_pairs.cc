#include "gateway/auth/basic/verified_pairs.h"

#include <algorithm>
#include <cstdint>

#include "core/base/short_text.h"

namespace weir::gateway::basic {

std::size_t VerifiedPairs::setOf(const PairDigest& digest) {
  return loadWord<std::uint64_t>(digest.data()) % (kMost / kWays) * kWays;
}

bool VerifiedPairs::has(const PairDigest& digest, Milliseconds now) const {
  if (entries_.empty()) return false;
  const auto set = entries_.begin() + static_cast<std::ptrdiff_t>(setOf(digest));
  return std::any_of(set, set + kWays,
                     [&](const Pair& pair) { return pair.until > now && pair.digest == digest; });
}

void VerifiedPairs::add(const PairDigest& digest, Milliseconds until) {
  if (entries_.empty()) entries_.resize(kMost);
  const auto set = entries_.begin() + static_cast<std::ptrdiff_t>(setOf(digest));
  const auto same =
      std::find_if(set, set + kWays, [&](const Pair& pair) { return pair.digest == digest; });
  const auto oldest = std::min_element(
      set, set + kWays, [](const Pair& one, const Pair& other) { return one.until < other.until; });
  *(same == set + kWays ? oldest : same) = {digest, until};
}

}  // namespace weir::gateway::basic
