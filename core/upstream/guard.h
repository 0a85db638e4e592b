#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "core/base/metric_cells.h"
#include "core/base/random.h"
#include "core/base/reason.h"
#include "core/config/role.h"
#include "core/event/loop.h"
#include "core/event/shared_streaks.h"
#include "core/upstream/balancer.h"

namespace weir::upstream {

// The interface of a cluster to its guards.
class GuardOwner {
 public:
  virtual ~GuardOwner() = default;
  // mayPick() has changed for some member. The cluster asks again at the end of the turn.
  virtual void onMayPickChanged() = 0;
  // The number of members that receive traffic if no guard objects.
  virtual std::size_t candidates() const = 0;
};

// Protects the endpoints of a cluster, and the requests from endpoints that fail: breakers, limits.
// One object per cluster and worker, kept over reloads that do not change its settings. A cluster
// without guards pays nothing for them.
class Guard {
 public:
  virtual ~Guard() = default;
  // Before an endpoint is selected. Any other reason than kNone refuses the attempt.
  virtual Reason admit() { return Reason::kNone; }
  // Whether the member may be selected. Called again after GuardOwner::onMayPickChanged().
  virtual bool mayPick(const Member&) const { return true; }
  // For a member that may be selected: whether onPick() is called when that happens, after which
  // the cluster asks again at once. Both are asked at the same times.
  virtual bool wantsPick(const Member&) const { return false; }
  virtual void onPick(const Member&) {}
  // The result of an attempt at a member, perhaps one that is no longer listed.
  virtual void onOutcome(const Member&, const Outcome&) {}
  virtual void forget(const Member&) {}  // the member is about to be destroyed
};

// The parts of a worker and of its cluster that a guard may use.
struct GuardTools {
  event::Loop& loop;
  Random& random;
  MetricCells& metrics;
  NameId cluster;
  GuardOwner& owner;
  std::string_view name = {};  // of the cluster
  config::Role role = config::Role::kGateway;
  event::SharedStreaks* streaks = nullptr;  // of failures, by endpoint, of all workers; or null
};

// Makes the guard of one worker, with the settings of the cluster.
using GuardFactory = std::function<std::unique_ptr<Guard>(const GuardTools& tools)>;

}  // namespace weir::upstream
