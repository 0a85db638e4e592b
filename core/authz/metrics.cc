#include "core/authz/metrics.h"

namespace weir::authz {

void addMetrics(MetricFamilies& families) { families.add({&kDecisionsFamily}); }

}  // namespace weir::authz
