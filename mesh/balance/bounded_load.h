#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/config/table.h"
#include "core/upstream/balancer.h"

// Parts of the balancers with consistent hashing.
namespace weir::mesh {

// Places at which a balancer looks before it takes any available member.
inline constexpr std::size_t kWalk = 20;

void readLoadFactor(config::Table& table, std::optional<double>& out);

// In the order of their addresses, so that all nodes build the same table.
std::vector<upstream::Member*> sortedByAddress(std::span<upstream::Member* const> members);

// Consistent hashing with bounded loads: a member takes no more than its share of the requests in
// flight on this worker, times a factor.
class BoundedLoad {
 public:
  // `in_flight`: requests at all members.
  BoundedLoad(std::optional<double> factor, const std::uint32_t& in_flight)
      : factor_(factor), in_flight_(in_flight) {}

  void setMembers(std::span<upstream::Member* const> members);
  // The member's part of the weights.
  double shareOf(const upstream::Member& member) const {
    return member.endpoint.weight / total_weight_;
  }
  // Whether one more request would be too much.
  bool isFull(const upstream::Member& member) const;
  bool mayTake(const upstream::Member& member, upstream::Tried tried) const;
  // If few members are available, or all were tried: one that was not tried, full or not, else any.
  upstream::Member* pickAny(std::span<upstream::Member* const> members, upstream::Tried tried,
                            std::size_t start) const;

 private:
  const std::optional<double> factor_;
  const std::uint32_t& in_flight_;
  double total_weight_ = 1;
};

}  // namespace weir::mesh
