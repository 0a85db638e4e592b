#pragma once

#include "core/server/registry.h"

namespace weir::mesh {

// Adds all load balancing algorithms.
void addBalancers(server::Registry& registry);

}  // namespace weir::mesh
