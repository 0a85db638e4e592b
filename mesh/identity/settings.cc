#include "mesh/identity/settings.h"

#include "core/config/table.h"

namespace weir::mesh {

void IdentitySettings::read(config::Table& table, IdentitySettings& out) {
  table.read(
      "cert", out.cert,
      "PEM: the certificate, with one name \"spiffe://DOMAIN/...\", then those that lead to a "
      "root.",
      {.required = true});
  table.read("key", out.key, "PEM: its private key, not encrypted.", {.required = true});
  table.read("trust", out.trust, "PEM: the roots of the other nodes' certificates.",
             {.required = true});
  out.place = table.place("cert");
}

}  // namespace weir::mesh
