#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/names.h"
#include "core/config/diagnostics.h"
#include "core/net/client_hello.h"
#include "core/route/host_pattern.h"
#include "core/route/placed_text.h"

namespace weir::config {
class Table;
}

namespace weir::proxy {

// [[listener.tls_rule]]: the handling of TLS connections with a matching ClientHello.
struct TlsRule {
  enum class Action : std::uint8_t {
    kPassthrough,  // to the upstream, unchanged
    kTerminate,    // here, with the certificates of the listener
    kRefuse,       // with an alert
  };

  std::vector<route::HostPattern> server_names;  // empty: any, or none
  std::vector<std::string> protocols;            // one of them must be offered; empty: any
  Action action = Action::kTerminate;
  std::optional<route::PlacedText> upstream_name;  // of kPassthrough
  NameId upstream = 0;                             // the same, resolved by the plan
  config::Origin origin;

  static void read(config::Table& table, TlsRule& out);
  bool matches(const net::ClientHello& hello) const;
  friend bool operator==(const TlsRule&, const TlsRule&) = default;
};

}  // namespace weir::proxy
