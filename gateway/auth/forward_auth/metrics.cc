#include "gateway/auth/forward_auth/metrics.h"

namespace weir::gateway::forward_auth {

void addMetrics(MetricFamilies& families) { families.add({&kDecisionsFamily, &kCacheFamily}); }

}  // namespace weir::gateway::forward_auth
