#include "mesh/sidecar/settings.h"

#include "core/config/table.h"

namespace weir::mesh {
namespace {

constexpr std::pair<std::string_view, tls::Plaintext> kModes[] = {
    {"strict", tls::Plaintext::kRefuse},
    {"permissive", tls::Plaintext::kAllow},
    {"audit", tls::Plaintext::kAudit}};

constexpr std::pair<std::string_view, http::VersionChoice> kApplicationProtocols[] = {
    {"http1", http::VersionChoice::kAuto}, {"http2", http::VersionChoice::kHttp2}};

void checkInbound(config::Table& table, const InboundSettings& in) {
  if (!in.transparent) {
    if (!in.application) table.fail("", "needs application: the address of the application");
    if (!in.ports.empty()) table.fail("ports", "needs transparent = true");
    return;
  }
  if (in.application && !in.ports.empty())
    table.fail("ports", "cannot be combined with application");
  if (!in.application && in.ports.empty()) {
    table.fail("transparent", "needs ports: those of the application");
  }
}

}  // namespace

void InboundSettings::read(config::Table& table, InboundSettings& out) {
  table.read("address", out.address, "Address on which other services reach this one.",
             {.required = true});
  table.read("application", out.application,
             "Address on which the application listens. Required unless `ports` is given.");
  table.read("transparent", out.transparent,
             "Whether connections to the application are redirected to this address by the system, "
             "see `weir intercept`. Connections that were not redirected are refused.");
  table.read("ports", out.ports,
             "Ports of the application, instead of `application`: a redirected connection goes to "
             "the same port of the loopback address. Those to other ports are refused.",
             {.min = 1});
  table.read("protocol", out.protocol, kApplicationProtocols,
             "Protocol of the application for requests; gRPC needs http2.");
  table.read("mode", out.plaintext, kModes,
             "Handling of plaintext connections if there is an identity. strict: refuse them. "
             "permissive: accept them as well, without a caller identity. audit: like permissive, "
             "and log each client that strict would refuse. The metric weir_mtls_connections_total "
             "counts them in every mode.");
  table.read("filters", out.filters, table.kinds("filter"),
             "Filters for all requests, as of a listener.");
  checkInbound(table, out);
}

void OutboundSettings::read(config::Table& table, OutboundSettings& out) {
  table.read("address", out.address,
             "Address to which the application sends requests for other services.",
             {.required = true});
  table.read("transparent", out.transparent,
             "Whether connections of the application are redirected to this address by the system, "
             "see `weir intercept`: their destination, or else their Host or TLS server name, "
             "selects the upstream. Connections that were not redirected are refused.");
  table.read("egress", out.egress,
             "Address ranges to which redirected connections that belong to no upstream may pass "
             "through. Empty: they are refused.");
  if (!out.egress.empty() && !out.transparent.enabled) {
    table.fail("egress", "needs transparent = true");
  }
  if (out.transparent.original == proxy::OriginalUse::kRoutes) {
    table.fail("transparent", "original can be endpoint or balance here");
  }
  table.read("filters", out.filters, table.kinds("filter"),
             "Filters for all requests, as of a listener.");
}

void SidecarSettings::read(config::Table& table, SidecarSettings& out) {
  table.read("service", out.service, "Name of the service next to this sidecar.",
             {.min_size = 1, .required = true});
  table.read("inbound", out.inbound, "Traffic from the network to the application.");
  table.read("outbound", out.outbound,
             "Traffic from the application to the upstream named by the Host of a request.");
  table.read("identity", out.identity,
             "Identity of this node, as in [identity]. Inbound then accepts only mutual TLS from "
             "nodes of the same trust domain.");
  route::readUpgrades(
      table, out.upgrades,
      "Protocols to which inbound and outbound requests may switch by Upgrade or extended CONNECT. "
      "h2c and HTTP/2 are not allowed. Default: [\"websocket\"].");
  out.location = table.location();
}

}  // namespace weir::mesh
