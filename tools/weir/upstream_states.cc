#include "tools/weir/upstream_states.h"

#include <algorithm>

// Tested in tests/integration/explain_test.py.
namespace weir {

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
                               .zone = endpoint.zone,
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

}  // namespace weir
