#include "observability/access_log/metrics.h"

namespace weir::access_log {

void addMetrics(MetricFamilies& families) { families.add({&kDroppedFamily}); }

}  // namespace weir::access_log
