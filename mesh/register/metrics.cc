#include "mesh/register/metrics.h"

namespace weir::mesh::registering {

void addMetrics(MetricFamilies& families) {
  families.add({&kRegistrationsFamily, &kRegisteredFamily});
}

}  // namespace weir::mesh::registering
