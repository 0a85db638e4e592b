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

// "spiffe://DOMAIN/*": all names in the trust domain of `identity`'s certificate. Nothing, with the
// error recorded, if the domain cannot be determined.
std::optional<std::string> trustDomain(const IdentitySettings& identity,
                                       config::Diagnostics& diagnostics);

// Expands [upstream.NAME] identity = "spiffe://..." to HTTP/2 over mutual TLS: weir presents its
// own certificate, and the endpoint's must be valid for that identity.
void expandUpstreams(const std::optional<IdentitySettings>& identity, server::Settings& settings,
                     config::Diagnostics& diagnostics);

// Secures a listener for other nodes: they present certificates of `domain`, and weir its own.
// `plaintext`: the handling of plaintext clients.
void secureListener(const IdentitySettings& identity, const std::string& domain,
                    tls::Plaintext plaintext, proxy::ListenerOptions& listener);

}  // namespace weir::mesh
