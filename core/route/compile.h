#pragma once

#include <string>
#include <vector>

#include "core/base/names.h"
#include "core/config/diagnostics.h"
#include "core/route/route_table.h"
#include "core/route/settings.h"

namespace weir::route {

// The names to which the routes of a configuration may refer.
struct References {
  NameTable& names;
  const std::vector<std::string>& upstreams;
  const std::vector<std::string>& listeners;
};

// Compiles the configured routes into the plan's table. Records every error; the table is usable
// only if there was none.
RouteTable compileRoutes(const std::vector<RouteSettings>& settings, const References& references,
                         config::Diagnostics& diagnostics);

}  // namespace weir::route
