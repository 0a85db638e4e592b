#pragma once

#include <memory>
#include <string>

#include "core/base/linked.h"
#include "core/base/reason.h"
#include "core/event/loop.h"
#include "core/net/address.h"
#include "core/proxy/interception.h"
#include "core/proxy/recheck.h"

namespace weir::proxy {

// The facts about a connection that are known before it is served.
struct ConnectionFacts {
  net::Address address;     // from the PROXY protocol header, else the peer's
  net::Address server;      // destination; empty if no upstream needs it, and if not redirected
  std::string server_name;  // from the ClientHello or the PROXY protocol header
  std::string alpn;         // negotiated by the load balancer, or the only one offered
  std::shared_ptr<const Interception> interception;  // null: the connection was not redirected
};

// An accepted connection in any phase: preread, HTTP or tunnel.
//
// Owned by: Listener's list, until it removes itself.
class DownstreamConnection : public event::Disposable, public Linked<DownstreamConnection> {
 public:
  virtual void drain() = 0;     // closes as soon as possible
  virtual void retire() = 0;    // as drain(), but new requests are not accepted
  virtual void closeNow() = 0;  // aborts work in progress
  // Judges the client again under a new plan, and closes what is no longer admitted.
  virtual void judgeAgain(Recheck& recheck) { (void)recheck; }
  // Likewise when the time that it was given to end has passed.
  virtual void cutOff(Reason reason) {
    (void)reason;
    closeNow();
  }
};

}  // namespace weir::proxy
