#include "core/state/metrics.h"

namespace weir::state {

void addMetrics(MetricFamilies& families) { families.add({&kStateWriteErrorsFamily}); }

}  // namespace weir::state
