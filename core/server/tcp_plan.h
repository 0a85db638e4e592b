#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/names.h"
#include "core/config/mistakes.h"
#include "core/proxy/plan.h"
#include "core/server/settings.h"

// What plans say of connections that are carried as they are.
namespace weir::server {

// What a listener may refer to.
struct TcpReferences {
  const std::vector<std::pair<std::string, UpstreamSettings>>& upstreams;
  NameTable& names;
};

// None: the listener speaks no HTTP.
std::optional<http::VersionChoice> versionsOf(ListenerProtocol protocol);

// Adds to the plan of a listener where its connections go that are no HTTP.
void addTcp(const ListenerSettings& settings, const TcpReferences& references,
            proxy::ListenerPlan& plan, config::Mistakes& mistakes);

// Whether a listener carries connections to this upstream.
bool isCarriedTo(const proxy::Plan& plan, NameId upstream);

// Tunnels are no HTTP, and agree on no version of it.
std::shared_ptr<const tls::ClientTerms> withoutProtocols(const tls::ClientTerms& terms);

// Routes share the connections of an upstream, which must not be one client's.
void checkRoutes(const Settings& settings, config::Mistakes& mistakes);

}  // namespace weir::server
