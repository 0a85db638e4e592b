#pragma once

#include <memory>

#include "core/event/wheel.h"
#include "core/net/security.h"
#include "core/proxy/downstream_connection.h"
#include "core/proxy/plan.h"

namespace weir::proxy {

class Engine;

// Limits the life of a connection that its client would keep open. At the listener's maximum age
// the connection drains, and soon afterwards it refuses new requests. When the client's certificate
// expires, it refuses new requests at once and is closed soon afterwards.
//
// Owned by: the connection.
class Lifetime final : private event::Deadline {
 public:
  // Null if the connection has no limit. `peer` is null without a client certificate.
  static std::unique_ptr<Lifetime> begin(DownstreamConnection& connection, Engine& engine,
                                         const ListenerPlan& plan,
                                         const net::PeerCertificate* peer);
  // For a connection that is no longer admitted: it is cut off for `reason` after a moment for the
  // requests in flight, and must accept no other.
  static std::unique_ptr<Lifetime> end(DownstreamConnection& connection, Engine& engine,
                                       Reason reason);
  static constexpr Milliseconds kEndGrace{750};  // all is closed a second after the change

 private:
  Lifetime(DownstreamConnection& connection, event::Wheel& wheel);

  void onDeadline() override;
  void await();

  DownstreamConnection& connection_;
  event::Wheel& wheel_;
  Milliseconds age_at_{0};      // on the wheel's clock; 0: no limit, or already applied
  bool drained_ = false;        // because of its age
  Nanoseconds certificate_{0};  // its expiry, on the wall clock; 0: none
  bool retired_ = false;
  Reason ends_for_ = Reason::kNone;
};

}  // namespace weir::proxy
