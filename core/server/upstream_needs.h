#pragma once

#include "core/config/diagnostics.h"
#include "core/upstream/cluster_plan.h"

namespace weir::server {

// Checks the upstreams that discoveries query: each must exist, and none may depend on itself
// through others, for then no address would ever be found.
void checkUpstreamNeeds(const upstream::ClusterPlans& clusters, config::Diagnostics& diagnostics);

}  // namespace weir::server
