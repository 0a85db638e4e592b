#pragma once

#include <string_view>

#include "core/base/clock.h"
#include "core/base/reason.h"
#include "core/upstream/cluster.h"

namespace weir::proxy {

// Logs a failed attempt at an upstream: an occasional warning for each upstream, with the number of
// suppressed ones, and a debug line each time. `endpoint` is null if there was none to try.
void logUpstreamFailure(const upstream::ClusterPlan& cluster, const net::Address* endpoint,
                        Reason reason, Nanoseconds now);

}  // namespace weir::proxy
