#pragma once

#include <vector>

#include "core/config/chosen.h"
#include "core/config/diagnostics.h"
#include "core/filter/registry.h"

namespace weir::filter {

// Warns of filters in an order in which they cannot work: one that is about the caller before one
// that authenticates callers, or one for requests without credentials after it.
void warnOfOrder(const Registry& registry, const std::vector<const config::Selected*>& filters,
                 config::Diagnostics& diagnostics);

}  // namespace weir::filter
