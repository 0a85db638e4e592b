#pragma once

#include "core/filter/registry.h"

namespace weir::gateway {

// Adds all filters of the edge.
void addFilters(filter::Registry& registry);

}  // namespace weir::gateway
