#include "core/proxy/exchange_interception.h"

#include "core/proxy/exchange_affinity.h"
#include "core/upstream/original_endpoint.h"

namespace weir::proxy {

const route::Route* findInterceptedRoute(ExchangeState& state, const route::Source& source) {
  const std::string_view sent = state.request.authority;
  const std::string_view host = state.peer.interception->host;
  if (!host.empty()) state.request.authority = host;
  const route::Route* const found = state.plan().routes.find(state.request, source, state.captures);
  state.request.authority = sent;
  return found;
}

Reason beginIntercepted(ExchangeState& state) {
  const Interception& from = *state.peer.interception;
  upstream::Attempt& attempt = *state.attempt;
  const upstream::Cluster& cluster = *state.tries.cluster();
  if (const auto* const original = cluster.plan().discovery->original()) {
    const auto to = original->of(from.destination);
    return to ? attempt.beginAt(*to) : Reason::kDestinationDenied;
  }
  if (state.session == nullptr && from.wantsEndpointOf(cluster.plan().id)) {
    return attempt.begin(std::nullopt, cluster.find(from.destination));
  }
  return state.route->affinity == nullptr ? attempt.begin() : beginByAffinity(state);
}

}  // namespace weir::proxy
