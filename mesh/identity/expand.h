#pragma once

#include <optional>
#include <string>

#include "core/config/diagnostics.h"
#include "core/server/registry.h"
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

// Adds the upstream of the authority that renews the certificate, if it is given by its URL, unless
// there is one of that name: weir presents the certificate that is to be renewed.
void addAuthority(const IdentitySettings& identity, const server::Registry& registry,
                  server::Settings& settings, config::Diagnostics& diagnostics);

// Secures a listener for other nodes: they present certificates of `domain`, and weir its own. With
// a Workload API, their domain is that of weir's identity, once it is known.
// `plaintext`: the handling of plaintext clients.
void secureListener(const IdentitySettings& identity, const std::string& domain,
                    tls::Plaintext plaintext, proxy::ListenerOptions& listener);

}  // namespace weir::mesh
