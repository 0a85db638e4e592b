#pragma once

#include <optional>

#include "core/config/diagnostics.h"
#include "core/config/secret.h"
#include "core/http/target.h"
#include "mesh/identity/workload_settings.h"

namespace weir::config {
class Table;
}

namespace weir::mesh {

// [identity]: the identity of this node (SPIFFE X509-SVID), in files or from a Workload API.
struct IdentitySettings {
  config::File cert;  // the three are empty with `spiffe`
  config::File key;
  config::File trust;
  std::optional<WorkloadSettings> spiffe;
  std::optional<http::Target> authority;  // that renews the certificate in the files
  config::Location location;

  static void read(config::Table& table, IdentitySettings& out);
};

}  // namespace weir::mesh
