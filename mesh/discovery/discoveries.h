#pragma once

#include "core/server/registry.h"

namespace weir::mesh {

// Adds all ways to discover endpoints.
void addDiscoveries(server::Registry& registry);

}  // namespace weir::mesh
