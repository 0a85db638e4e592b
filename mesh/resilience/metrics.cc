#include "mesh/resilience/metrics.h"

namespace weir::mesh {

void addBreakerMetrics(MetricFamilies& families) {
  families.add({&kOutlierEjectionsFamily, &kOutlierCappedFamily, &kOutlierEjectedFamily});
}

}  // namespace weir::mesh
