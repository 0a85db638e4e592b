#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/base/metric_cells.h"
#include "core/upstream/balancer.h"
#include "core/upstream/cluster_plan.h"
#include "core/upstream/guard.h"

namespace weir::upstream {

// The endpoints of a cluster that may be selected by one worker, and the selection.
//
// Members of the same priority form a level with a balancer of its own. A level gets as much of the
// traffic as its usable members can take, with `overprovisioning`; the rest goes to the next level.
// Not usable are the members to which health checks or guards object. If a level panics, because
// too few are usable, all of its members are available.
class Selection {
 public:
  using Guards = std::span<const std::unique_ptr<Guard>>;

  Selection(const BalancerTools& tools, MetricCells& cells, const ClusterPlan& plan);
  ~Selection() { panics_.set(0); }
  Selection(const Selection&) = delete;
  Selection& operator=(const Selection&) = delete;

  // The settings of another plan; with `renew`, also new balancers. Whether setMembers() must
  // follow.
  bool configure(const ClusterPlan& plan, bool renew);
  // All members that discovery lists, in its order. judge() must follow.
  void setMembers(std::span<Member* const> listed);
  // Derives the members that are available, and their weights. The time after which it must be
  // called again because of a slow start; 0: it need not.
  Milliseconds judge(Guards guards);

  Member* pick(const Pick& pick) {
    return levels_.size() == 1 ? levels_.front().balancer->pick(pick) : pickByLevel(pick);
  }
  // Whether a member may be selected before the balancer is asked. A member that drains still
  // serves the clients that stick to it.
  static bool mayStick(const Member& member, Tried tried);
  void onOutcome(Member& member, const Outcome& outcome) {
    balancerOf(member).onOutcome(member, outcome);
  }
  bool wantsOutcomes() const;
  bool wantsKey() const { return levels_.front().balancer->wantsKey(); }
  // Members that get traffic if all are usable.
  std::size_t candidates() const { return candidates_; }

 private:
  struct Level {
    std::uint32_t priority = 0;
    std::unique_ptr<Balancer> balancer;
    std::vector<Member*> members;
    std::vector<Member*> usable;
    double capacity = 0;         // part of the traffic that it can take
    std::uint32_t part_end = 0;  // sum of the parts of this and all earlier levels, of kWhole
    bool panics = false;
  };
  static constexpr unsigned kWholeBits = 31;
  static constexpr std::uint32_t kWhole = 1U << kWholeBits;

  void arrange(std::vector<Member*> candidates);
  Level takeLevel(std::vector<Level>& from, std::uint32_t priority) const;
  void judge(Level& level, Guards guards) const;
  void judge(Member& member, Guards guards) const;
  static void offer(Level& level);
  void noteNewcomers();
  bool weigh();
  void shareOut(double total);
  Member* pickByLevel(const Pick& pick);
  Balancer& balancerOf(const Member& member) {
    return *levels_[member.level < levels_.size() ? member.level : 0].balancer;
  }

  const BalancerTools tools_;
  BalancerFactory make_;
  config::Percent panic_threshold_;
  config::Percent overprovisioning_;
  std::optional<SlowStartOptions> slow_start_;
  std::vector<Level> levels_;  // by priority; at least one
  std::size_t candidates_ = 0;
  std::vector<Member*> others_;  // get no new traffic: they drain, or their weight is 0
  Gauge panics_;
};

}  // namespace weir::upstream
