#pragma once

#include <vector>

#include "core/base/clock.h"
#include "core/base/random.h"
#include "core/config/table.h"
#include "core/event/loop.h"
#include "mesh/balance/weighted_draw.h"

namespace weir::mesh {

// Draws two members at random, and picks the one with the lower cost: its expected latency, times
// the number of its requests in flight, including the new one.
//
// The expected latency is a moving average of the times until a response begins, which follows a
// slower response at once and faster ones gradually. A failed attempt counts as a very slow one, so
// that an endpoint that fails quickly does not attract requests.
//
// With unequal weights members are drawn in proportion to them, and requests in flight count in
// proportion to the mean weight: a quiet cluster of equally fast members is thus balanced by
// weight.
class PeakEwmaBalancer final : public upstream::Balancer {
 public:
  struct Config {
    Milliseconds decay{10'000};
    Milliseconds failure_latency{5'000};

    static void read(config::Table& table, Config& out);
    friend bool operator==(const Config&, const Config&) = default;
  };

  PeakEwmaBalancer(const Config& config, const upstream::BalancerTools& tools)
      : config_(config),
        rate_(1 / static_cast<double>(Nanoseconds(config.decay).count())),
        random_(tools.random),
        loop_(tools.loop) {}

  void setMembers(std::span<upstream::Member* const> members) override;
  upstream::Member* pick(const upstream::Pick& pick) override;
  // A single member needs no measurements.
  bool wantsOutcomes() const override { return members_.size() > 1; }
  void onOutcome(upstream::Member& member, const upstream::Outcome& outcome) override;

 private:
  double weightBefore(Nanoseconds since, Nanoseconds now) const;
  double costOf(const upstream::Member& member, Nanoseconds now) const;
  upstream::Member* better(upstream::Member* first, upstream::Member* second,
                           upstream::Candidates* candidates) const;
  void observe(upstream::Member& member, double latency);
  void refreshMedian(Nanoseconds now);

  const Config config_;
  const double rate_;  // of the decay, per nanosecond
  Random& random_;
  event::Loop& loop_;
  std::vector<upstream::Member*> members_;
  WeightedDraw draw_;
  double mean_weight_ = 1;
  double median_ = 0;         // of the members' latencies
  Nanoseconds median_at_{0};  // when it was taken
  std::vector<double> latencies_;
};

}  // namespace weir::mesh
