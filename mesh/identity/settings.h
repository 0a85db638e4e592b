#pragma once

#include "core/config/diagnostics.h"
#include "core/config/secret.h"

namespace weir::config {
class Table;
}

namespace weir::mesh {

// [identity]: the identity of this node (SPIFFE X509-SVID).
struct IdentitySettings {
  config::File cert;
  config::File key;
  config::File trust;
  config::Location location;

  static void read(config::Table& table, IdentitySettings& out);
};

}  // namespace weir::mesh
