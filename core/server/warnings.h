#pragma once

#include "core/config/diagnostics.h"
#include "core/proxy/plan.h"
#include "core/server/settings.h"

namespace weir::server {

// Warns of what the plan allows but hardly anybody means: upstreams that nothing leads to or that
// have no endpoints, certificates that hold no longer or for no host of a route.
void addWarnings(const Settings& settings, const proxy::Plan& plan,
                 config::Diagnostics& diagnostics);

}  // namespace weir::server
