#include "tools/weir/upstream_states.h"

#include <algorithm>

// Tested in tests/integration/explain_test.py.
namespace weir {
namespace {

std::string_view wordOf(upstream::Health health) {
  if (health == upstream::Health::kUnknown) return "unknown";
  return health == upstream::Health::kHealthy ? "healthy" : "unhealthy";
}

}  // namespace

admin::UpstreamState plannedState(const upstream::ClusterPlan& cluster,
                                  const upstream::SharedEndpoints& endpoints) {
  admin::UpstreamState state;
  state.name = cluster.name;
  state.discovery = cluster.options.discovery.kind();
  state.balancer = cluster.options.balancer.kind();
  state.max_connections = cluster.connectionLimit(endpoints ? endpoints->endpoints.size() : 0);
  state.known = endpoints != nullptr;
  if (!state.known) return state;
  for (const upstream::Endpoint& endpoint : endpoints->endpoints) {
    state.endpoints.push_back({.address = endpoint.address.text(),
                               .weight = endpoint.weight,
                               .priority = endpoint.priority,
                               .zone = endpoint.zone,
                               .draining = endpoint.draining,
                               .metadata = endpoint.metadata});
  }
  return state;
}

void addStates(const proxy::Plan& plan, const StateOfCluster& state,
               admin::Explanation& explanation) {
  for (admin::UpstreamState& upstream : explanation.upstreams) {
    const auto found = std::ranges::find_if(
        plan.clusters, [&](const auto& cluster) { return cluster->name == upstream.name; });
    if (found != plan.clusters.end()) upstream = state(**found);
  }
}

std::string stateOf(const admin::EndpointState& endpoint, const server::EndpointUse* use) {
  if (endpoint.draining) return "draining";
  const bool unhealthy = use != nullptr && use->health == upstream::Health::kUnhealthy;
  if (unhealthy || (endpoint.health && endpoint.health->state == "unhealthy")) return "unhealthy";
  if (use == nullptr) return {};
  if (use->ejected > 0) return "ejected";
  return use->warming > 0 ? "warming" : "healthy";
}

void addHealth(const upstream::HealthChecks& checks, NameId cluster, admin::UpstreamState& state) {
  for (admin::EndpointState& endpoint : state.endpoints) {
    const auto address = net::Address::parse(endpoint.address);
    if (!address.ok()) continue;
    const upstream::CheckedEndpoint* const seen = checks.find(cluster, address.value());
    if (seen == nullptr) continue;
    endpoint.health = {std::string(wordOf(seen->health)), seen->since, seen->checked_at, seen->took,
                       std::string(seen->result),         seen->detail};
  }
}

}  // namespace weir
