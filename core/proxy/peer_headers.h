#pragma once

#include "core/http/message.h"
#include "core/net/security.h"
#include "core/proxy/plan.h"

namespace weir::proxy {

// Adds the peer's verified identity for the upstream: X-Weir-Identity, and X-Forwarded-Client-Cert
// according to the listener's rule. `peer` is null if it did not present a certificate.
void addPeerHeaders(http::Request& request, const ListenerPlan& listener,
                    const net::PeerCertificate* peer);

}  // namespace weir::proxy
