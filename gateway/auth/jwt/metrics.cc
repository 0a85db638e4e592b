#include "gateway/auth/jwt/metrics.h"

namespace weir::gateway::jwt {

void addMetrics(MetricFamilies& families) {
  families.add({&kRefreshesFamily, &kAgeFamily, &kCacheFamily});
}

}  // namespace weir::gateway::jwt
