#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "core/base/random.h"
#include "core/upstream/endpoint.h"

namespace weir::upstream {

// What a worker knows of one endpoint. Lives as long as the cluster lists the endpoint or anything
// is in flight to it; stays the same object when discovery reports the address again.
struct Member {
  Endpoint endpoint;
  std::uint32_t in_flight = 0;  // attempts of this worker
  bool listed = true;           // discovery still has it
};

// Endpoints that this request has been sent to already, to be avoided while there are others.
using Tried = std::span<const Member* const>;

// Chooses the endpoint of an attempt. One object per cluster and worker; no locks, no allocation
// in pick().
class Balancer {
 public:
  virtual ~Balancer() = default;
  // The members that may take traffic (weight above 0), whenever that changes. The pointers hold
  // until the next call.
  virtual void setMembers(std::span<Member* const> members) = 0;
  // O(1) in the number of members for the usual weights. Null when there are none. Returns one of
  // `tried` only when every member is.
  virtual Member* pick(Tried tried) = 0;
};

// Makes a balancer for one worker; `random` outlives it.
using BalancerFactory = std::unique_ptr<Balancer> (*)(Random& random);

}  // namespace weir::upstream
