#include "observability/metrics/page_metrics.h"

namespace weir::metrics {

void addMetrics(MetricFamilies& families) {
  families.add({&kSeriesFamily, &kSeriesDroppedFamily, &kScrapeDurationFamily});
}

}  // namespace weir::metrics
