#pragma once

#include <vector>

#include "core/upstream/cluster_plan.h"
#include "observability/admin/admin_backend.h"

namespace weir {

// What the configuration tells about an upstream, and its endpoints; null: not known.
admin::UpstreamState plannedState(const upstream::ClusterPlan& cluster,
                                  const upstream::SharedEndpoints& endpoints);

// The explanation with the states of its upstreams.
admin::Explanation withStates(admin::Explanation explanation,
                              const std::vector<admin::UpstreamState>& states);

}  // namespace weir
