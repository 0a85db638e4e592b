#pragma once

#include <functional>
#include <string>

#include "core/proxy/plan.h"
#include "core/server/cluster_use.h"
#include "core/upstream/cluster_plan.h"
#include "core/upstream/health_checks.h"
#include "observability/admin/admin_backend.h"

namespace weir {

// What the configuration tells about an upstream, and its endpoints; null: not known.
admin::UpstreamState plannedState(const upstream::ClusterPlan& cluster,
                                  const upstream::SharedEndpoints& endpoints);

// Gives the upstreams of an explanation, which are only named so far, their states.
using StateOfCluster = std::function<admin::UpstreamState(const upstream::ClusterPlan& cluster)>;
void addStates(const proxy::Plan& plan, const StateOfCluster& state,
               admin::Explanation& explanation);

// The word for the state of an endpoint, whose other members are complete. `use`: by all workers;
// null: none uses it.
std::string stateOf(const admin::EndpointState& endpoint, const server::EndpointUse* use);

// Adds what health checks know of the endpoints.
void addHealth(const upstream::HealthChecks& checks, NameId cluster, admin::UpstreamState& state);

}  // namespace weir
