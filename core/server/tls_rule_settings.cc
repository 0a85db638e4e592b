#include "core/server/tls_rule_settings.h"

namespace weir::server {
namespace {

using Action = proxy::TlsRule::Action;

constexpr std::pair<std::string_view, Action> kActions[] = {
    {"pass", Action::kPass}, {"terminate", Action::kTerminate}, {"refuse", Action::kRefuse}};
constexpr std::size_t kMaxProtocolName = 255;

}  // namespace

void TlsRuleSettings::read(config::Table& table, TlsRuleSettings& out) {
  table.read("server_names", out.server_names,
             "Names that the client asks for, as \"db.example.com\" or \"*.db.example.com\". "
             "Default: any, and none at all.");
  table.read("alpn", out.alpn, "The client offers one of these protocols. Default: whatever.");
  table.read("action", out.action, kActions,
             "pass: to the upstream, as it is. terminate: decrypted here. refuse: by an alert.",
             {.required = true});
  table.read("upstream", out.upstream, "Where connections go with pass.");
  const bool passes = out.action == Action::kPass;
  if (passes && !out.upstream) table.fail("action", "pass needs an upstream");
  if (!passes && out.upstream) table.fail("upstream", "goes with the action pass only");
  for (std::size_t i = 0; i < out.alpn.size(); ++i) {
    if (!out.alpn[i].empty() && out.alpn[i].size() <= kMaxProtocolName) continue;
    table.failElement("alpn", i, "has no, or more than 255, bytes");
  }
  out.place = table.place("action");
}

}  // namespace weir::server
