#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "core/base/random.h"
#include "core/upstream/endpoint.h"

namespace weir::upstream {

// A worker's view of one endpoint. Lives as long as the cluster lists the endpoint or anything is
// in flight to it; remains the same object if discovery reports the address again.
struct Member {
  Endpoint endpoint;
  std::uint32_t in_flight = 0;  // attempts by this worker
  bool listed = true;           // discovery still reports it
};

// Endpoints already tried for this request, to be avoided while there are others.
using Tried = std::span<const Member* const>;

// Selects the endpoint of an attempt. One object per cluster and worker; no locks, no allocation in
// pick().
class Balancer {
 public:
  virtual ~Balancer() = default;
  // The members that may receive traffic (weight above 0); called whenever they change. The
  // pointers are valid until the next call.
  virtual void setMembers(std::span<Member* const> members) = 0;
  // O(1) in the number of members for the usual weights. Null if there are none. Returns one of
  // `tried` only if every member is in it.
  virtual Member* pick(Tried tried) = 0;
};

// The parts of a worker that a balancer may use.
struct BalancerTools {
  Random& random;
};

// Makes the balancer of one worker, with the settings of the cluster.
using BalancerFactory = std::function<std::unique_ptr<Balancer>(const BalancerTools& tools)>;

}  // namespace weir::upstream
