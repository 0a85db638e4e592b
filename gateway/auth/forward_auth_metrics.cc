#include "gateway/auth/forward_auth_metrics.h"

namespace weir::gateway {

void addForwardAuthMetrics(MetricFamilies& families) { families.add({&kForwardAuthFamily}); }

}  // namespace weir::gateway
