#pragma once

#include <vector>

#include "core/upstream/cluster_plan.h"
#include "core/upstream/health_checks.h"
#include "observability/admin/admin_backend.h"

namespace weir {

// What the configuration tells about an upstream, and its endpoints; null: not known.
admin::UpstreamState plannedState(const upstream::ClusterPlan& cluster,
                                  const upstream::SharedEndpoints& endpoints);

// The explanation with the states of its upstreams.
admin::Explanation withStates(admin::Explanation explanation,
                              const std::vector<admin::UpstreamState>& states);

// Adds what health checks know of the endpoints.
void addHealth(const upstream::HealthChecks& checks, NameId cluster, admin::UpstreamState& state);

}  // namespace weir
