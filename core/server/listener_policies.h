#pragma once

#include "core/base/names.h"
#include "core/config/diagnostics.h"
#include "core/proxy/plan.h"
#include "core/server/settings.h"

// The policies of [[authorize]].
namespace weir::server {

// Those that apply to a listener; null if there are none. Unchanged ones are shared with
// `previous`, which may be null.
authz::SharedPolicies policiesFor(const Settings& settings, const proxy::ListenerPlan& listener,
                                  const proxy::Plan* previous, NameTable& names);

// Records names that are taken, and listeners that do not exist.
void checkPolicies(const Settings& settings, config::Diagnostics& diagnostics);

// Warns of policies that cannot match anything, or match more than was probably intended.
void warnOfPolicies(const Settings& settings, const proxy::Plan& plan,
                    config::Diagnostics& diagnostics);

}  // namespace weir::server
