#include "gateway/auth/rbac/metrics.h"

namespace weir::gateway::rbac {

void addMetrics(MetricFamilies& families) { families.add({&kDecisionsFamily}); }

}  // namespace weir::gateway::rbac
