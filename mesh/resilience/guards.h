#pragma once

#include "core/server/registry.h"

namespace weir::mesh {

// Adds all guards of upstreams.
void addGuards(server::Registry& registry);

}  // namespace weir::mesh
