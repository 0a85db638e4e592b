#pragma once

#include "core/config/secret.h"
#include "core/config/table.h"

namespace weir::mesh {

// [identity]: who this node is to other nodes (SPIFFE X509-SVID).
struct IdentitySettings {
  config::File cert;
  config::File key;
  config::File trust;
  config::Place place;

  static void read(config::Table& table, IdentitySettings& out);
};

}  // namespace weir::mesh
