#pragma once

#include <vector>

#include "mesh/balance/weighted_draw.h"

namespace weir::mesh {

// Of two different members drawn at random, the one with fewer requests of this worker in flight
// ("power of two choices").
//
// With unequal weights the first is drawn in proportion to them, and the second takes its place
// only if it would still be less busy for its weight with the request than the first is without.
// So a quiet cluster is shared out by weight, and a busy one by requests in flight per weight;
// comparing weight / (in_flight + 1) alone would starve a light endpoint while all are idle.
class LeastRequestBalancer final : public upstream::Balancer {
 public:
  explicit LeastRequestBalancer(Random& random) : random_(random) {}

  void setMembers(std::span<upstream::Member* const> members) override;
  upstream::Member* pick(upstream::Tried tried) override;

 private:
  upstream::Member* better(upstream::Member* first, upstream::Member* second) const;

  Random& random_;
  std::vector<upstream::Member*> members_;
  WeightedDraw draw_;
};

}  // namespace weir::mesh
