#include "core/base/metrics.h"

namespace weir {

void addMetrics(MetricFamilies& families) { families.add({&kLimitRejections, &kLogDropped}); }

}  // namespace weir
