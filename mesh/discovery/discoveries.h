#pragma once

#include "core/server/registry.h"

namespace weir::mesh {

// The whole list of ways to find endpoints.
void addDiscoveries(server::Registry& registry);

}  // namespace weir::mesh
