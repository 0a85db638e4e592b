#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/names.h"
#include "core/upstream/balancer.h"

namespace weir::server {

// The use and the state of an endpoint, as one worker sees it, or all of them together.
struct EndpointUse {
  static EndpointUse of(const upstream::Member& member, Nanoseconds now);
  void add(const EndpointUse& other);
  // Which peak_ewma expects; the mean of the workers that have measured it.
  std::optional<double> latencySeconds() const;

  std::uint64_t in_flight = 0;
  upstream::Health health = upstream::Health::kUnknown;
  unsigned ejected = 0;  // here and below: workers
  unsigned warming = 0;
  unsigned measured = 0;
  double latencies = 0;                        // their sum, in seconds
  Nanoseconds unchanged = Nanoseconds::max();  // time since the latest change of its state
};

// The use of a cluster by one worker, or by all of them together.
struct ClusterUse {
  void add(const ClusterUse& other);

  std::uint64_t idle_connections = 0;
  std::map<std::string, EndpointUse> endpoints;  // by address, as text
};
using ClusterUses = std::map<NameId, ClusterUse>;

}  // namespace weir::server
