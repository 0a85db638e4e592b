#pragma once

#include "core/config/diagnostics.h"
#include "core/server/registry.h"
#include "core/server/settings.h"
#include "mesh/sidecar/settings.h"

namespace weir::mesh {

// The names of a sidecar's listeners and upstream in the expanded configuration.
inline constexpr std::string_view kInbound = "inbound";
inline constexpr std::string_view kOutbound = "outbound";
inline constexpr std::string_view kApplication = "application";
inline constexpr std::string_view kPassthrough = "passthrough";

// Expands [sidecar] to listeners, routes and upstreams:
//
//   inbound   A listener that forwards all requests to the upstream "application". Its route has
//             the name of the service. If the node has an identity, clients must present theirs.
//   outbound  A listener with a route for each [upstream.NAME], which matches the Host NAME. If it
//             is transparent and has `egress`, all else goes to the upstream "passthrough", that is
//             to its original destination.
//
// Configured routes remain, and precede these if they are more specific.
void expandSidecar(const SidecarSettings& sidecar, const server::Registry& registry,
                   server::Settings& settings, config::Diagnostics& diagnostics);

}  // namespace weir::mesh
