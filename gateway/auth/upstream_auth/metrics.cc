#include "gateway/auth/upstream_auth/metrics.h"

namespace weir::gateway::upstream_auth {

void addMetrics(MetricFamilies& families) { families.add({&kRequestsFamily, &kRefreshesFamily}); }

}  // namespace weir::gateway::upstream_auth
