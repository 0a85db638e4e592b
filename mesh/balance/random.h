#pragma once

#include <vector>

#include "core/config/table.h"
#include "mesh/balance/weighted_draw.h"

namespace weir::mesh {

// Picks a random member, in proportion to the weights.
class RandomBalancer final : public upstream::Balancer {
 public:
  using Config = config::NoSettings;

  RandomBalancer(const Config&, const upstream::BalancerTools& tools) : random_(tools.random) {}

  void setMembers(std::span<upstream::Member* const> members) override;
  upstream::Member* pick(const upstream::Pick& pick) override;

 private:
  Random& random_;
  std::vector<upstream::Member*> members_;
  WeightedDraw draw_;
};

}  // namespace weir::mesh
