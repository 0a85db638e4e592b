#pragma once

#include "core/base/clock.h"
#include "core/base/reason.h"
#include "core/upstream/cluster_plan.h"

namespace weir::upstream {

// Logs a failed attempt at an upstream: an occasional warning for each upstream, with the number of
// suppressed ones, and a debug line each time. `endpoint` is null if there was none to try.
void logFailure(const ClusterPlan& cluster, const net::Address* endpoint, Reason reason,
                Nanoseconds now);

}  // namespace weir::upstream
