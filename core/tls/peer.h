#pragma once

#include <memory>

#include "core/net/security.h"
#include "core/tls/verifier.h"

namespace weir::tls {

// The identity of the peer after a handshake, as verified by `verifier`; null if the peer sent no
// certificate. `until`: when the first certificate of its chain expires, 0 if a session was resumed
// without verifying the chain again.
std::unique_ptr<const net::PeerCertificate> peerOf(const ssl_st* ssl, const Verifier& verifier,
                                                   Nanoseconds until);

}  // namespace weir::tls
