#include "core/event/metrics.h"

namespace weir::event {

void addMetrics(MetricFamilies& families) { families.add({&kLoopLagFamily}); }

}  // namespace weir::event
