#include "mesh/health/metrics.h"

namespace weir::mesh::health {

void addMetrics(MetricFamilies& families) {
  families.add({&kHealthChecksFamily, &kHealthTransitionsFamily});
}

}  // namespace weir::mesh::health
