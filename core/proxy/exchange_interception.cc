#include "core/proxy/exchange.h"
#include "core/upstream/original_endpoint.h"

// Requests on connections that the system redirected to a transparent listener.
namespace weir::proxy {

// If the destination belongs to an upstream, that decides, and not the host that the client sends.
const route::Route* Exchange::routeOf(const route::Source& source) {
  const std::string_view sent = request_.authority;
  if (!caller_.interception->host.empty()) request_.authority = caller_.interception->host;
  const route::Route* const found = plan().routes.find(request_, source, captures_);
  request_.authority = sent;
  return found;
}

Reason Exchange::beginIntercepted() {
  const Interception& from = *caller_.interception;
  upstream::Cluster& cluster = *tries_.cluster();
  if (const auto* const original = cluster.plan().discovery->original()) {
    const auto to = original->of(from.destination);
    return to ? attempt_.beginAt(*to) : Reason::kDestinationDenied;
  }
  if (session_ == nullptr && from.wantsEndpointOf(cluster.plan().id)) {
    return attempt_.begin(std::nullopt, cluster.find(from.destination));
  }
  return route_->affinity == nullptr ? attempt_.begin() : beginByAffinity();
}

}  // namespace weir::proxy
