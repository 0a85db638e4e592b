#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/random.h"
#include "core/upstream/balancer.h"

namespace weir::mesh {

// Draws members at random in proportion to their weights, in O(1): Vose's alias method, in integers
// and therefore without rounding. Equal weights need no table.
class WeightedDraw {
 public:
  void setMembers(std::span<upstream::Member* const> members);
  std::size_t draw(Random& random) const;  // an index; there is at least one member
  bool weighted() const { return !columns_.empty(); }

 private:
  struct Column {
    std::uint64_t own = 0;    // the member's own part, of total_
    std::uint32_t other = 0;  // the member that has the rest
  };
  void fill(std::span<upstream::Member* const> members);

  std::vector<Column> columns_;  // empty for equal weights
  std::size_t count_ = 0;
  std::uint64_t total_ = 0;
};

// True if all weights are equal.
bool equalWeights(std::span<upstream::Member* const> members);

bool contains(upstream::Tried tried, const upstream::Member* member);

// The first member at or after `start`, wrapping around, that was not tried; null if all were.
// Checks at most one member more than were tried.
upstream::Member* firstUntried(std::span<upstream::Member* const> members, std::size_t start,
                               upstream::Tried tried);

}  // namespace weir::mesh
