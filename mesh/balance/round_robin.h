#pragma once

#include <cstdint>
#include <vector>

#include "core/config/table.h"
#include "mesh/balance/weighted_draw.h"

namespace weir::mesh {

// Picks members in turn, from a random start, so that workers do not run in step. With unequal
// weights the turns are spread evenly over a rotation that contains each member as often as its
// weight requires; if that would be longer than kMaxRotation, members are drawn by weight instead.
class RoundRobinBalancer final : public upstream::Balancer {
 public:
  static constexpr std::uint64_t kMaxRotation = 16'384;

  using Config = config::NoSettings;

  RoundRobinBalancer(const Config&, const upstream::BalancerTools& tools) : random_(tools.random) {}

  void setMembers(std::span<upstream::Member* const> members) override;
  upstream::Member* pick(const upstream::Pick& pick) override;

 private:
  void planRotation(std::uint64_t divisor, std::uint64_t length);
  std::size_t next();

  Random& random_;
  std::vector<upstream::Member*> members_;
  std::vector<std::uint32_t> rotation_;  // indexes of members; empty for equal weights
  WeightedDraw draw_;                    // replaces a rotation that would be too long
  std::size_t turn_ = 0;
};

}  // namespace weir::mesh
