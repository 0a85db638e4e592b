#include "mesh/identity/metrics.h"

namespace weir::mesh {

void addMetrics(MetricFamilies& families) {
  families.add({&kIdentityRefreshesFamily, &kIdentityExpiryFamily});
}

}  // namespace weir::mesh
