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
                               .state = endpoint.draining ? "draining" : "",
                               .draining = endpoint.draining,
                               .metadata = endpoint.metadata});
  }
  return state;
}

admin::Explanation withStates(admin::Explanation explanation,
                              const std::vector<admin::UpstreamState>& states) {
  for (admin::UpstreamState& upstream : explanation.upstreams) {
    const auto found = std::ranges::find(states, upstream.name, &admin::UpstreamState::name);
    if (found != states.end()) upstream = *found;
  }
  return explanation;
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
