#pragma once

#include <memory>

#include "core/net/security.h"
#include "core/tls/verifier.h"

namespace weir::tls {

// Who is at the other end of a handshake that is over, as `verifier` found; null when the peer
// showed no certificate. `until`: when a certificate of its chain ends, 0 where a session was
// resumed without another look at the chain.
std::unique_ptr<const net::PeerCertificate> peerOf(const ssl_st* ssl, const Verifier& verifier,
                                                   Nanoseconds until);

}  // namespace weir::tls
