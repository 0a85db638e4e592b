#include "core/proxy/tls_rule.h"

#include <algorithm>

#include "core/config/table.h"
#include "core/route/settings.h"

namespace weir::proxy {
namespace {

using Action = TlsRule::Action;

constexpr std::pair<std::string_view, Action> kActions[] = {{"passthrough", Action::kPassthrough},
                                                            {"terminate", Action::kTerminate},
                                                            {"refuse", Action::kRefuse}};
constexpr std::size_t kMaxProtocolName = 255;

}  // namespace

void TlsRule::read(config::Table& table, TlsRule& out) {
  table.read(
      "server_names", out.server_names,
      "SNI names, such as \"db.example.com\" or \"*.db.example.com\". Default: any name or none.");
  table.read("alpn", out.protocols,
             "ALPN protocols, at least one of which the client must offer. Default: any.");
  table.read("action", out.action, kActions,
             "Action for matching connections. passthrough: forward the encrypted connection to "
             "the upstream. terminate: terminate TLS. refuse: send an alert and close.",
             {.required = true});
  table.read("upstream", out.upstream_name, "Upstream for the action passthrough.");
  const bool passes = out.action == Action::kPassthrough;
  if (passes && !out.upstream_name) table.fail("action", "passthrough needs an upstream");
  if (!passes && out.upstream_name) table.fail("upstream", "needs the action passthrough");
  for (std::size_t i = 0; i < out.protocols.size(); ++i) {
    if (!out.protocols[i].empty() && out.protocols[i].size() <= kMaxProtocolName) continue;
    table.failElement("alpn", i, "must have 1 to 255 bytes");
  }
  table.locate(out.origin, "action");
}

bool TlsRule::matches(const net::ClientHello& hello) const {
  const bool named =
      server_names.empty() ||
      (!hello.server_name.empty() &&
       std::any_of(server_names.begin(), server_names.end(),
                   [&](const auto& pattern) { return pattern.matches(hello.server_name); }));
  return named && (protocols.empty() ||
                   std::any_of(protocols.begin(), protocols.end(),
                               [&](const std::string& one) { return hello.offers(one); }));
}

}  // namespace weir::proxy
