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

// What the functions below add to, and report mistakes to.
struct Expansion {
  const SidecarSettings& sidecar;
  const server::Registry& registry;
  server::Settings& settings;
  config::Diagnostics& diagnostics;
};

// Adds an upstream in the form of a configuration, read by the same code. False if it exists.
bool addUpstream(const Expansion& to, std::string_view name, const std::string& text,
                 std::string_view from) {
  const config::Location& location = to.sidecar.location;
  if (hasUpstream(to.settings, name)) {
    const std::string what = "upstream \"" + std::string(name) +
                             "\" must not be defined: " + std::string(from) + " adds it";
    to.diagnostics.add({location, "sidecar." + std::string(from), what, {}});
    return false;
  }
  upstream::ClusterOptions upstream;
  config::Document document = config::Document::parse(text, location.file, to.diagnostics);
  config::readSettings(document, to.registry.extensions(), upstream, to.diagnostics);
  upstream.origin.location = location;
  to.settings.upstreams.emplace_back(name, std::move(upstream));
  return true;
}

std::string applicationText(const InboundSettings& inbound) {
  std::string text = "discovery = { ";
  if (inbound.application) {
    text += "static = [\"" + inbound.application->text() + "\"]";
  } else {
    text += "original = { loopback = true, ports = [";
    for (const std::uint16_t port : inbound.ports) text += std::to_string(port) + ", ";
    text += "] }";
  }
  text += " }\n";
  if (inbound.protocol == http::VersionChoice::kHttp2) text += "protocol = \"http2\"\n";
  return text;
}

// Adds what carries connections to their original destination, if that is allowed.
void addPassthrough(const Expansion& to, proxy::ListenerOptions& outbound) {
  const auto& egress = to.sidecar.outbound->egress;
  if (egress.empty()) return;
  std::string text = "discovery = { original = { allow = [";
  for (const IpRange& range : egress) text += "\"" + range.toString() + "\", ";
  text += "] } }\n";
  if (!addUpstream(to, kPassthrough, text, "outbound")) return;
  outbound.upstream_name = route::PlacedText{std::string(kPassthrough), to.sidecar.location};
  to.settings.routes.push_back(forward(std::string(kOutbound) + "-" + std::string(kPassthrough),
                                       kOutbound, kPassthrough, to.sidecar));
}

// Adds a listener, and a route to each upstream whose name is a valid Host.
void addOutbound(const Expansion& to) {
  const SidecarSettings& sidecar = to.sidecar;
  server::Settings& settings = to.settings;
  auto outbound = listener(kOutbound, sidecar.outbound->address, sidecar.location);
  outbound.filters = sidecar.outbound->filters;
  outbound.transparent = sidecar.outbound->transparent;
  for (const auto& [name, upstream] : settings.upstreams) {
    // A connection that names its client cannot carry requests of others.
    if (upstream.proxy_protocol != net::ProxyVersion::kNone) continue;
    auto route = forward(std::string(kOutbound) + "-" + name, kOutbound, name, sidecar);
    const auto host = route::HostPattern::parse(name);
    if (!host) continue;  // not a valid Host; a configured route may still use it
    route.hosts = {*host};
    settings.routes.push_back(std::move(route));
  }
  addPassthrough(to, outbound);
  settings.listeners.push_back(std::move(outbound));
}

proxy::ListenerOptions inboundListener(const SidecarSettings& sidecar,
                                       config::Diagnostics& diagnostics) {
  auto inbound = listener(kInbound, sidecar.inbound->address, sidecar.location);
  inbound.filters = sidecar.inbound->filters;
  if (sidecar.inbound->transparent) {
    inbound.transparent = {true, proxy::OriginalUse::kRoutes};
    inbound.upstream_name = route::PlacedText{std::string(kApplication), sidecar.location};
  }
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
  const Expansion to{sidecar, registry, settings, diagnostics};
  if (sidecar.outbound) addOutbound(to);
  if (!sidecar.inbound) return;
  if (!addUpstream(to, kApplication, applicationText(*sidecar.inbound), "inbound")) return;
  settings.listeners.push_back(inboundListener(sidecar, diagnostics));
  settings.routes.push_back(forward(sidecar.service, kInbound, kApplication, sidecar));
}

}  // namespace weir::mesh
