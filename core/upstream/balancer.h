#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "core/base/clock.h"
#include "core/base/random.h"
#include "core/upstream/candidates.h"
#include "core/upstream/endpoint.h"
#include "core/upstream/outcome.h"

namespace weir::event {
class Loop;
}

namespace weir::upstream {

// A worker's view of one endpoint. Lives as long as the cluster lists the endpoint or anything is
// in flight to it; remains the same object if discovery reports the address again.
//
// The fields that a balancer reads come first, in one line of the cache.
struct Member {
  // The latency that a balancer expects, for the balancer alone. Survives changes of the members.
  struct Estimate {
    double latency = 0;  // nanoseconds
    Nanoseconds at{0};   // when it was made; 0: never
  };

  // Neither health checks nor guards object to it.
  bool usable() const { return health != Health::kUnhealthy && !ejected; }

  std::uint32_t in_flight = 0;  // attempts by this worker, also those that wait for a connection
  std::uint32_t weight = 1;     // relative to the other members, with slow start
  Estimate estimate;
  bool listed = true;     // discovery still reports it
  bool available = true;  // it may be picked: it is usable, or the cluster panics
  bool ejected = false;   // a guard objects to it
  bool on_probe = false;  // a guard wants Guard::onPick()
  Health health = Health::kUnknown;
  std::uint8_t level = 0;  // its place among the levels of the cluster; see Selection
  bool served = false;     // it was usable when members were judged last
  Nanoseconds warms{0};    // when its slow start began; 0: none
  Nanoseconds since{0};    // when `health` or `ejected` changed last, in the loop's time
  Endpoint endpoint;
};

// Endpoints already tried for this request, to be avoided while there are others.
using Tried = std::span<const Member* const>;

// The request for which an endpoint is selected.
struct Pick {
  Tried tried = {};
  // For balancers that want one: requests with the same key go to the same endpoint.
  std::optional<std::uint64_t> key = std::nullopt;
  // Selected, whatever the balancer, if it is listed, available and has not been tried.
  Member* sticky = nullptr;
  // Gets the members that the balancer compares; null: nobody watches.
  Candidates* candidates = nullptr;
};

// Selects the endpoint of an attempt. One object per cluster and worker; no locks, no allocation in
// pick().
class Balancer {
 public:
  virtual ~Balancer() = default;
  // The members that may receive traffic (weight above 0), without those that are not available
  // unless passesOver(); called whenever they change. The pointers are valid until the next call.
  virtual void setMembers(std::span<Member* const> members) = 0;
  // O(1) in the number of members for the usual weights. Null if there are none. Returns one of
  // `tried` only if every member is in it.
  virtual Member* pick(const Pick& pick) = 0;
  // The result of an attempt at a member, perhaps one that is no longer listed. Called only if
  // wantsOutcomes().
  virtual void onOutcome(Member&, const Outcome&) {}

  virtual bool wantsOutcomes() const { return false; }  // asked after each setMembers()
  // Whether it uses Pick::key. A key is made only for a balancer that does.
  virtual bool wantsKey() const { return false; }
  // Whether setMembers() gets members that are not available too, over which pick() passes, so that
  // a member that is not available for a moment does not change the places of the others.
  virtual bool passesOver() const { return false; }
};

// The parts of a worker and of its cluster that a balancer may use.
struct BalancerTools {
  Random& random;
  event::Loop& loop;
  const std::uint32_t& in_flight;  // attempts by this worker at all endpoints of the cluster
};

// Makes the balancer of one worker, with the settings of the cluster.
using BalancerFactory = std::function<std::unique_ptr<Balancer>(const BalancerTools& tools)>;

}  // namespace weir::upstream
