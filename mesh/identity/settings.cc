#include "mesh/identity/settings.h"

#include "core/config/table.h"

namespace weir::mesh {

void IdentitySettings::read(config::Table& table, IdentitySettings& out) {
  table.read("cert", out.cert,
             "PEM file with the certificate, whose only URI is a SPIFFE ID "
             "\"spiffe://DOMAIN/...\", followed by its intermediates.",
             {.required = true});
  table.read("key", out.key, "PEM file with the unencrypted private key.", {.required = true});
  table.read("trust", out.trust,
             "PEM file with the CA certificates that verify the certificates of other nodes.",
             {.required = true});
  out.location = table.location("cert");
}

}  // namespace weir::mesh
