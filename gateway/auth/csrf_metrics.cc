#include "gateway/auth/csrf_metrics.h"

namespace weir::gateway {

void addCsrfMetrics(MetricFamilies& families) { families.add({&kCsrfFamily}); }

}  // namespace weir::gateway
