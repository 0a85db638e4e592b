#include "mesh/sidecar/settings.h"

#include "core/config/table.h"

namespace weir::mesh {
namespace {

constexpr std::pair<std::string_view, tls::ClearText> kModes[] = {
    {"strict", tls::ClearText::kRefuse}, {"permissive", tls::ClearText::kAllow}};

}  // namespace

void InboundSettings::read(config::Table& table, InboundSettings& out) {
  table.read("address", out.address, "Where other services reach this one.", {.required = true});
  table.read("application", out.application, "Where the application itself listens.",
             {.required = true});
  table.read("mode", out.clear, kModes,
             "With an identity. permissive: callers in the clear are let in as well, without an "
             "identity; strict: only nodes that show theirs.");
}

void OutboundSettings::read(config::Table& table, OutboundSettings& out) {
  table.read("address", out.address, "Where the application sends requests to other services.",
             {.required = true});
}

void SidecarSettings::read(config::Table& table, SidecarSettings& out) {
  table.read("service", out.service, "The name of the service that this sidecar stands beside.",
             {.min_size = 1, .required = true});
  table.read("inbound", out.inbound, "From the network to the application.");
  table.read("outbound", out.outbound,
             "From the application to the upstream that the Host of a request names.");
  table.read(
      "identity", out.identity,
      "Who this node is to others, as [identity]: inbound then takes TLS only, from nodes of "
      "the same trust domain.");
  route::readUpgrades(
      table, out.upgrades,
      "Protocols that requests may switch to by Upgrade or an extended CONNECT, inbound and "
      "outbound. Never h2c or HTTP/2. Default: [\"websocket\"].");
  const bool permissive = out.inbound && out.inbound->clear == tls::ClearText::kAllow;
  if (permissive && !out.identity) table.fail("inbound", "mode = \"permissive\" needs identity");
  out.place = table.place();
}

}  // namespace weir::mesh
