#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/config/table.h"
#include "core/proxy/tls_rule.h"
#include "core/route/settings.h"

namespace weir::server {

// [[listener.tls_rule]]
struct TlsRuleSettings {
  std::vector<route::HostPattern> server_names;
  std::vector<std::string> alpn;
  proxy::TlsRule::Action action = proxy::TlsRule::Action::kTerminate;
  std::optional<route::PlacedText> upstream;
  config::Place place;

  static void read(config::Table& table, TlsRuleSettings& out);
};

}  // namespace weir::server
