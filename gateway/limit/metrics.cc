#include "gateway/limit/metrics.h"

namespace weir::gateway {

void addLimitMetrics(MetricFamilies& families) {
  families.add({&kLimitDecisionsFamily, &kLimitEvictionsFamily, &kLimitKeysFamily,
                &kLimitRedisDurationFamily, &kLimitDelayFamily});
}

}  // namespace weir::gateway
