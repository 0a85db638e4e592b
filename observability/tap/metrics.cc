#include "observability/tap/metrics.h"

namespace weir::tap {

void addMetrics(MetricFamilies& families) { families.add({&kTapsFamily, &kTapDroppedFamily}); }

}  // namespace weir::tap
