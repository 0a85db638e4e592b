#pragma once

#include <vector>

#include "core/config/table.h"
#include "mesh/balance/weighted_draw.h"

namespace weir::mesh {

// Draws two different members at random, and picks the one with fewer requests of this worker in
// flight ("power of two choices").
//
// With unequal weights the first is drawn in proportion to them, and the second replaces it only if
// its load per weight, including the new request, would still be below that of the first without
// it. A quiet cluster is thus balanced by weight, and a busy one by requests in flight per weight;
// comparing only weight / (in_flight + 1) would starve a light endpoint while all are idle.
class LeastRequestBalancer final : public upstream::Balancer {
 public:
  using Config = config::NoSettings;

  LeastRequestBalancer(const Config&, const upstream::BalancerTools& tools)
      : random_(tools.random) {}

  void setMembers(std::span<upstream::Member* const> members) override;
  upstream::Member* pick(const upstream::Pick& pick) override;

 private:
  upstream::Member* better(upstream::Member* first, upstream::Member* second,
                           upstream::Candidates* candidates) const;

  Random& random_;
  std::vector<upstream::Member*> members_;
  WeightedDraw draw_;
};

}  // namespace weir::mesh
