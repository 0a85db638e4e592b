#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/names.h"
#include "core/net/client_hello.h"
#include "core/route/host_pattern.h"

namespace weir::proxy {

// What becomes of TLS connections whose ClientHello matches.
struct TlsRule {
  enum class Action : std::uint8_t {
    kPass,       // to the upstream, as they are
    kTerminate,  // here, with the certificates of the listener
    kRefuse,     // by an alert
  };

  std::vector<route::HostPattern> server_names;  // empty: any, and none
  std::vector<std::string> protocols;            // the client offers one of them; empty: any
  Action action = Action::kTerminate;
  NameId upstream = 0;  // of kPass

  bool matches(const net::ClientHello& hello) const;
};

}  // namespace weir::proxy
