#pragma once

#include <vector>

#include "core/config/diagnostics.h"
#include "core/route/settings.h"

namespace weir::route {

// Warns of routes that never match, since an earlier one takes every request that they would take
// and more: the same path and demands, but more hosts, methods or listeners.
void warnOfShadowed(const std::vector<RouteSettings>& settings, config::Diagnostics& diagnostics);

}  // namespace weir::route
