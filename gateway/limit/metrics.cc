#include "gateway/limit/metrics.h"

namespace weir::gateway {

void addLimitMetrics(MetricFamilies& families) {
  families.add({&kLimitDecisionsFamily, &kLimitEvictionsFamily, &kLimitKeysFamily,
                &kLimitRedisDurationFamily, &kLimitShareFamily, &kLimitDelayFamily});
}

}  // namespace weir::gateway
