#pragma once

#include <vector>

#include "core/config/diagnostics.h"
#include "core/server/settings.h"
#include "core/upstream/cluster_plan.h"

namespace weir::server {

// Checks the upstreams that discoveries query: each must exist, and none may depend on itself
// through others, for then no address would ever be found.
void checkUpstreamNeeds(const upstream::ClusterPlans& clusters, config::Diagnostics& diagnostics);
// Checks that the upstreams of calls that use gRPC speak HTTP/2.
void checkOwnCalls(const std::vector<OwnCall>& calls, const upstream::ClusterPlans& clusters,
                   config::Diagnostics& diagnostics);

}  // namespace weir::server
