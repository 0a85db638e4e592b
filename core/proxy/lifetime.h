#pragma once

#include <memory>

#include "core/event/wheel.h"
#include "core/net/security.h"
#include "core/proxy/downstream_connection.h"
#include "core/proxy/plan.h"

namespace weir::proxy {

class Engine;

// Ends a connection that its client would keep: it drains at the age that its listener sets and
// takes no new request soon after that; it takes none either once the client's certificate has
// ended, and breaks soon after that.
//
// Owned by: the connection.
class Lifetime final : private event::Deadline {
 public:
  // Null when nothing sets an end. `peer` is null without a client certificate.
  static std::unique_ptr<Lifetime> begin(DownstreamConnection& connection, Engine& engine,
                                         const ListenerPlan& plan,
                                         const net::PeerCertificate* peer);

 private:
  Lifetime(DownstreamConnection& connection, event::Wheel& wheel);

  void onDeadline() override;
  void await();

  DownstreamConnection& connection_;
  event::Wheel& wheel_;
  Milliseconds age_at_{0};      // on the wheel's clock; 0: no longer, or not at all
  bool drained_ = false;        // by age
  Nanoseconds certificate_{0};  // its end, on the wall clock; 0: none
  bool retired_ = false;
};

}  // namespace weir::proxy
