#pragma once

#include <string>
#include <vector>

#include "core/base/names.h"
#include "core/config/diagnostics.h"
#include "core/route/route_table.h"
#include "core/route/settings.h"

namespace weir::route {

// What the routes of a configuration may refer to.
struct References {
  NameTable& names;
  const std::vector<std::string>& upstreams;
  const std::vector<std::string>& listeners;
};

// The table of the routes that are configured, for the plan. Records every mistake; the table is
// of use only when there was none.
RouteTable compileRoutes(const std::vector<RouteSettings>& settings, const References& references,
                         config::Diagnostics& diagnostics);

}  // namespace weir::route
