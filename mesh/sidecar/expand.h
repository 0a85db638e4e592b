#pragma once

#include "core/config/diagnostics.h"
#include "core/server/registry.h"
#include "core/server/settings.h"
#include "mesh/sidecar/settings.h"

namespace weir::mesh {

// The names that a sidecar's listeners and upstream have in the expanded configuration.
inline constexpr std::string_view kInbound = "inbound";
inline constexpr std::string_view kOutbound = "outbound";
inline constexpr std::string_view kApplication = "application";

// Turns [sidecar] into the listeners, routes and upstreams that it is short for:
//
//   inbound   a listener whose requests go to the upstream "application", by the route named as the
//             service;
//             Where the node has an identity, only for nodes that show theirs.
//   outbound  a listener with a route for each [upstream.NAME], which takes the Host NAME.
//
// Routes that are configured beside it stay, and win where they match more narrowly.
void expandSidecar(const SidecarSettings& sidecar, const server::Registry& registry,
                   server::Settings& settings, config::Diagnostics& diagnostics);

}  // namespace weir::mesh
