#pragma once

#include <string_view>

#include "core/base/clock.h"
#include "core/base/reason.h"
#include "core/upstream/cluster.h"

namespace weir::proxy {

// Logs that an attempt at an upstream failed: a warning once in a while for each upstream, with the
// number of those that were held back; a debug line each time. `endpoint` is null when there was
// none to try.
void logUpstreamFailure(const upstream::ClusterPlan& cluster, const net::Address* endpoint,
                        Reason reason, Nanoseconds now);

}  // namespace weir::proxy
