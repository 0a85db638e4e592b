#include "mesh/sidecar/expand.h"

#include <algorithm>

#include "core/config/settings.h"
#include "core/proxy/listener_options.h"
#include "core/route/settings.h"
#include "core/upstream/cluster_options.h"
#include "mesh/identity/expand.h"

namespace weir::mesh {
namespace {

proxy::ListenerOptions listener(std::string_view name, const config::Address& address,
                                const config::Location& location) {
  proxy::ListenerOptions listener;
  listener.name = name;
  listener.listen_on = address;
  listener.origin.location = location;
  return listener;
}

route::RouteSettings forward(std::string name, std::string_view from, std::string_view to,
                             const SidecarSettings& sidecar) {
  const config::Location& location = sidecar.location;
  route::RouteSettings route;
  route.name = std::move(name);
  route.match.listeners = {{std::string(from), location}};
  route.upstream = route::PlacedText{std::string(to), location};
  route.upgrades = sidecar.upgrades;
  route.location = location;
  return route;
}

bool hasUpstream(const server::Settings& settings, std::string_view name) {
  return std::any_of(settings.upstreams.begin(), settings.upstreams.end(),
                     [&](const auto& each) { return each.first == name; });
}

// Adds the upstream in the form of a configuration, read by the same code.
void addApplication(const config::Address& address, const config::Location& location,
                    const server::Registry& registry, server::Settings& settings,
                    config::Diagnostics& diagnostics) {
  const std::string text = "discovery = { static = [\"" + address.text() + "\"] }\n";
  upstream::ClusterOptions upstream;
  config::Document document = config::Document::parse(text, location.file, diagnostics);
  config::readSettings(document, registry.extensions(), upstream, diagnostics);
  upstream.origin.location = location;
  settings.upstreams.emplace_back(kApplication, std::move(upstream));
}

// Adds a listener, and a route to each upstream whose name is a valid Host.
void addOutbound(const SidecarSettings& sidecar, server::Settings& settings) {
  auto outbound = listener(kOutbound, sidecar.outbound->address, sidecar.location);
  outbound.filters = sidecar.outbound->filters;
  settings.listeners.push_back(std::move(outbound));
  for (const auto& [name, upstream] : settings.upstreams) {
    // A connection that names its client cannot carry requests of others.
    if (upstream.proxy_protocol != net::ProxyVersion::kNone) continue;
    auto route = forward(std::string(kOutbound) + "-" + name, kOutbound, name, sidecar);
    const auto host = route::HostPattern::parse(name);
    if (!host) continue;  // not a valid Host; a configured route may still use it
    route.hosts = {*host};
    settings.routes.push_back(std::move(route));
  }
}

proxy::ListenerOptions inboundListener(const SidecarSettings& sidecar,
                                       config::Diagnostics& diagnostics) {
  auto inbound = listener(kInbound, sidecar.inbound->address, sidecar.location);
  inbound.filters = sidecar.inbound->filters;
  if (!sidecar.identity) return inbound;
  const bool files = !sidecar.identity->spiffe;
  const auto domain = files ? trustDomain(*sidecar.identity, diagnostics) : std::string();
  if (!domain) return inbound;
  secureListener(*sidecar.identity, *domain, sidecar.inbound->plaintext, inbound);
  return inbound;
}

}  // namespace

void expandSidecar(const SidecarSettings& sidecar, const server::Registry& registry,
                   server::Settings& settings, config::Diagnostics& diagnostics) {
  const config::Location& location = sidecar.location;
  if (sidecar.outbound) addOutbound(sidecar, settings);
  if (!sidecar.inbound) return;
  if (hasUpstream(settings, kApplication)) {
    diagnostics.add({location,
                     "sidecar.inbound",
                     "upstream \"application\" must not be defined: inbound adds it",
                     {}});
    return;
  }
  settings.listeners.push_back(inboundListener(sidecar, diagnostics));
  settings.routes.push_back(forward(sidecar.service, kInbound, kApplication, sidecar));
  addApplication(sidecar.inbound->application, location, registry, settings, diagnostics);
}

}  // namespace weir::mesh
