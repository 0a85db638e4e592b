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
                                const config::Place& place) {
  proxy::ListenerOptions listener;
  listener.name = name;
  listener.listen_on = address;
  listener.origin.place = place;
  return listener;
}

route::RouteSettings forward(std::string name, std::string_view from, std::string_view to,
                             const SidecarSettings& sidecar) {
  const config::Place& place = sidecar.place;
  route::RouteSettings route;
  route.name = std::move(name);
  route.match.listeners = {{std::string(from), place}};
  route.upstream = route::PlacedText{std::string(to), place};
  route.upgrades = sidecar.upgrades;
  route.place = place;
  return route;
}

bool hasUpstream(const server::Settings& settings, std::string_view name) {
  return std::any_of(settings.upstreams.begin(), settings.upstreams.end(),
                     [&](const auto& each) { return each.first == name; });
}

// The upstream as a user would write it, read by the code that reads a user's.
void addApplication(const config::Address& address, const config::Place& place,
                    const server::Registry& registry, server::Settings& settings,
                    config::Mistakes& mistakes) {
  const std::string text = "discovery = { static = [\"" + address.text() + "\"] }\n";
  upstream::ClusterOptions upstream;
  config::Document document = config::Document::parse(text, place.file, mistakes);
  config::readSettings(document, registry.dialect(), upstream, mistakes);
  upstream.origin.place = place;
  settings.upstreams.emplace_back(kApplication, std::move(upstream));
}

// A listener, and a route to each upstream that a Host can name.
void addOutbound(const SidecarSettings& sidecar, server::Settings& settings) {
  settings.listeners.push_back(listener(kOutbound, sidecar.outbound->address, sidecar.place));
  for (const auto& [name, upstream] : settings.upstreams) {
    // A connection that names its client carries no requests of others.
    if (upstream.proxy_protocol != net::ProxyVersion::kNone) continue;
    auto route = forward(std::string(kOutbound) + "-" + name, kOutbound, name, sidecar);
    const auto host = route::HostPattern::parse(name);
    if (!host) continue;  // no Host can name it; a configured route may still lead there
    route.hosts = {*host};
    settings.routes.push_back(std::move(route));
  }
}

proxy::ListenerOptions inboundListener(const SidecarSettings& sidecar, config::Mistakes& mistakes) {
  auto inbound = listener(kInbound, sidecar.inbound->address, sidecar.place);
  if (!sidecar.identity) return inbound;
  const auto domain = trustDomain(*sidecar.identity, mistakes);
  if (!domain) return inbound;
  secureListener(*sidecar.identity, *domain, sidecar.inbound->plaintext, inbound);
  return inbound;
}

}  // namespace

void expandSidecar(const SidecarSettings& sidecar, const server::Registry& registry,
                   server::Settings& settings, config::Mistakes& mistakes) {
  const config::Place& place = sidecar.place;
  if (sidecar.outbound) addOutbound(sidecar, settings);
  if (!sidecar.inbound) return;
  if (hasUpstream(settings, kApplication)) {
    mistakes.add({place,
                  "sidecar.inbound",
                  "the name of upstream \"application\" is taken: inbound makes one",
                  {}});
    return;
  }
  settings.listeners.push_back(inboundListener(sidecar, mistakes));
  settings.routes.push_back(forward(sidecar.service, kInbound, kApplication, sidecar));
  addApplication(sidecar.inbound->application, place, registry, settings, mistakes);
}

}  // namespace weir::mesh
