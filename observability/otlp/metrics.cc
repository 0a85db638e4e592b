#include "observability/otlp/metrics.h"

namespace weir::otlp {

void addMetrics(MetricFamilies& families) {
  families.add(
      {&kExportedFamily, &kExportDroppedFamily, &kExportRequestsFamily, &kExportQueueFamily});
}

}  // namespace weir::otlp
