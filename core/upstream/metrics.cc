#include "core/upstream/metrics.h"

namespace weir::upstream {

void addMetrics(MetricFamilies& families) {
  families.add({&kRequestsFamily, &kAttemptDurationFamily, &kConnectDurationFamily,
                &kConnectionsActiveFamily, &kConnectionsIdleFamily, &kConnectionFailuresFamily,
                &kPoolWaitFamily, &kQueueDepthFamily, &kEndpointsFamily, &kPanicFamily,
                &kReusedConnectionsFamily, &kDiscoveryUpdatesFamily, &kDiscoveryStaleFamily,
                &kDiscoveryLastUpdateFamily, &kDiscoveryLagFamily, &kRetriesFamily,
                &kRetriesSuppressedFamily, &kRetryBudgetTokensFamily, &kRevokedFamily});
}

}  // namespace weir::upstream
