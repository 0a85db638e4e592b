#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

#include "core/base/clock.h"

namespace weir::gateway::basic {

// A digest of a name and a password with a secret of the process.
using PairDigest = std::array<char, 32>;

// The pairs of name and password that were found right, for a limited time. A full table forgets
// the pair that would be forgotten first. A look-up allocates nothing.
class VerifiedPairs {
 public:
  static constexpr std::size_t kMost = 1024;

  bool has(const PairDigest& digest, Milliseconds now) const;
  void add(const PairDigest& digest, Milliseconds until);
  void clear() { entries_.clear(); }

 private:
  static constexpr std::size_t kWays = 4;
  struct Pair {
    PairDigest digest{};
    Milliseconds until{0};
  };
  static std::size_t setOf(const PairDigest& digest);

  std::vector<Pair> entries_;  // sets of kWays; empty until the first pair
};

}  // namespace weir::gateway::basic
