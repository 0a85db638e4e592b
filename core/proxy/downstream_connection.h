#pragma once

#include <string>

#include "core/base/linked.h"
#include "core/event/loop.h"
#include "core/net/address.h"

namespace weir::proxy {

// Who opened a connection, as far as it is known before the connection is served.
struct ConnectionFacts {
  net::Address address;     // as a PROXY protocol header says, else the peer's
  net::Address server;      // whom it connected to; none where nobody asks for it
  std::string server_name;  // that it asked for, in a ClientHello or as a balancer says
  std::string alpn;         // agreed on before it came here, or the one that it offers
};

// An accepted connection in whatever hands it is: of what precedes it, of HTTP or of a tunnel.
//
// Owned by: Listener's list, until it takes itself off.
class DownstreamConnection : public event::Disposable, public Linked<DownstreamConnection> {
 public:
  virtual void drain() = 0;     // ends as soon as it may
  virtual void retire() = 0;    // as drain(), but what comes from now on is not served any more
  virtual void closeNow() = 0;  // ends whatever is in hand
};

}  // namespace weir::proxy
