#pragma once

#include <optional>
#include <string>

#include "core/config/diagnostics.h"
#include "core/server/settings.h"
#include "core/tls/plaintext.h"
#include "mesh/identity/settings.h"

namespace weir::proxy {
struct ListenerOptions;
}

namespace weir::mesh {

// "spiffe://DOMAIN/*": whoever has a name in the same trust domain as the certificate of
// `identity`. Nothing, with the mistake recorded, when that cannot be told.
std::optional<std::string> trustDomain(const IdentitySettings& identity,
                                       config::Diagnostics& diagnostics);

// Turns [upstream.NAME] identity = "spiffe://..." into what it is short for: HTTP/2 over TLS, in
// which we show our own certificate and the endpoint one that holds for that identity.
void expandUpstreams(const std::optional<IdentitySettings>& identity, server::Settings& settings,
                     config::Diagnostics& diagnostics);

// A listener for other nodes: they show certificates of `domain`, and we ours. `clear`: what
// becomes of callers that do not.
void secureListener(const IdentitySettings& identity, const std::string& domain,
                    tls::Plaintext plaintext, proxy::ListenerOptions& listener);

}  // namespace weir::mesh
