#pragma once

#include "core/config/diagnostics.h"
#include "core/filter/chain_builder.h"
#include "core/proxy/plan.h"
#include "core/server/settings.h"

// The filters and header rules of listeners.
namespace weir::server {

// Fills them in. `plan` has the chains of the routes.
void addListenerFilters(const Settings& settings, const proxy::Plan& plan,
                        filter::ChainBuilder& builder, proxy::ListenerPlan& listener,
                        config::Diagnostics& diagnostics);

// Records the names in `without_filters` that are not those of a filter.
void checkLeftOut(const Settings& settings, config::Diagnostics& diagnostics);

// Warns of named filters that are not used, and of names in `without_filters` without an effect.
void warnOfFilters(const Settings& settings, config::Diagnostics& diagnostics);

}  // namespace weir::server
