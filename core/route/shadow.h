#pragma once

#include <vector>

#include "core/config/diagnostics.h"
#include "core/route/settings.h"

namespace weir::route {

// Warns about routes that never match because an earlier one matches all of their requests and
// more: the same path and predicates, but more hosts, methods or listeners.
void warnOfShadowed(const std::vector<RouteSettings>& settings, config::Diagnostics& diagnostics);

}  // namespace weir::route
