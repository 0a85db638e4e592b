#pragma once

#include "core/filter/registry.h"

namespace weir::gateway {

// The whole list of the edge's filters.
void addFilters(filter::Registry& registry);

}  // namespace weir::gateway
