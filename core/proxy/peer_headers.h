#pragma once

#include "core/http/message.h"
#include "core/net/security.h"
#include "core/proxy/plan.h"

namespace weir::proxy {

// Tells the upstream who the peer of the connection proved to be: X-Weir-Identity, and
// X-Forwarded-Client-Cert as the listener's rule says. `peer` is null when it showed no
// certificate.
void addPeerHeaders(http::Request& request, const ListenerPlan& listener,
                    const net::PeerCertificate* peer);

}  // namespace weir::proxy
