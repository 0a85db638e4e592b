#include "core/server/cluster_use.h"

#include <algorithm>

namespace weir::server {

EndpointUse EndpointUse::of(const upstream::Member& member, Nanoseconds now) {
  EndpointUse use;
  use.in_flight = member.in_flight;
  use.health = member.health;
  use.ejected = member.ejected ? 1 : 0;
  use.warming = member.warms.count() > 0 ? 1 : 0;
  use.measured = member.estimate.latency > 0 ? 1 : 0;
  use.latencies = member.estimate.latency / 1e9;
  use.unchanged = now - member.since;
  return use;
}

void EndpointUse::add(const EndpointUse& other) {
  in_flight += other.in_flight;
  if (other.health != upstream::Health::kUnknown) health = other.health;
  ejected += other.ejected;
  warming += other.warming;
  measured += other.measured;
  latencies += other.latencies;
  unchanged = std::min(unchanged, other.unchanged);
}

std::optional<double> EndpointUse::latencySeconds() const {
  return measured > 0 ? std::optional(latencies / measured) : std::nullopt;
}

void ClusterUse::add(const ClusterUse& other) {
  idle_connections += other.idle_connections;
  for (const auto& [address, use] : other.endpoints) endpoints[address].add(use);
}

}  // namespace weir::server
