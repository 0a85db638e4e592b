#include "core/server/metrics.h"

namespace weir::server {

void addMetrics(MetricFamilies& families) {
  families.add({&kConfigReloadsFamily, &kConfigLastReloadSuccessfulFamily,
                &kConfigLastSuccessFamily, &kConfigGenerationFamily,
                &kConfigActiveGenerationsFamily, &kConfigReloadDurationFamily,
                &kOverloadLevelFamily, &kDrainingFamily, &kBuildInfoFamily});
}

}  // namespace weir::server
