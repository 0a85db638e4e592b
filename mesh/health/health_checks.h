#pragma once

#include <memory>

#include "core/upstream/health_checks.h"

namespace weir::mesh {

// Checks the endpoints of all upstreams that have `health_check`.
std::unique_ptr<upstream::HealthChecks> makeHealthChecks(const upstream::HealthCheckTools& tools);

}  // namespace weir::mesh
