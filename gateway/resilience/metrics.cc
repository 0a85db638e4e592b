#include "gateway/resilience/metrics.h"

namespace weir::gateway {

void addFaultMetrics(MetricFamilies& families) { families.add({&kFaultsInjectedFamily}); }

}  // namespace weir::gateway
