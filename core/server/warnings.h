#pragma once

#include <string>
#include <unordered_set>

#include "core/config/diagnostics.h"
#include "core/proxy/plan.h"
#include "core/server/settings.h"

namespace weir::server {

// Warns about valid but probably unintended settings: upstreams that are not used or have no
// endpoints, certificates that are not valid now or not for any host of a route.
void addWarnings(const Settings& settings, const proxy::Plan& plan,
                 const std::unordered_set<std::string>& used_by_filters,
                 config::Diagnostics& diagnostics);

}  // namespace weir::server
