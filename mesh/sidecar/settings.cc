#include "mesh/sidecar/settings.h"

#include "core/config/table.h"

namespace weir::mesh {
namespace {

constexpr std::pair<std::string_view, tls::Plaintext> kModes[] = {
    {"strict", tls::Plaintext::kRefuse}, {"permissive", tls::Plaintext::kAllow}};

}  // namespace

void InboundSettings::read(config::Table& table, InboundSettings& out) {
  table.read("address", out.address, "Address on which other services reach this one.",
             {.required = true});
  table.read("application", out.application, "Address on which the application listens.",
             {.required = true});
  table.read("mode", out.plaintext, kModes,
             "Handling of plaintext connections if there is an identity. strict: refuse them. "
             "permissive: accept them as well, without a caller identity.");
  table.read("filters", out.filters, table.kinds("filter"),
             "Filters for all requests, as of a listener.");
}

void OutboundSettings::read(config::Table& table, OutboundSettings& out) {
  table.read("address", out.address,
             "Address to which the application sends requests for other services.",
             {.required = true});
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
  const bool permissive = out.inbound && out.inbound->plaintext == tls::Plaintext::kAllow;
  if (permissive && !out.identity) table.fail("inbound", "mode = \"permissive\" needs identity");
  out.location = table.location();
}

}  // namespace weir::mesh
