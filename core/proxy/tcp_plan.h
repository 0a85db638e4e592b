#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/names.h"
#include "core/config/diagnostics.h"
#include "core/proxy/plan.h"
#include "core/route/settings.h"
#include "core/upstream/cluster_options.h"

// Plans for connections that are forwarded without HTTP.
namespace weir::proxy {

using NamedUpstreams = std::vector<std::pair<std::string, upstream::ClusterOptions>>;

// The targets of a listener's references.
struct TcpReferences {
  const NamedUpstreams& upstreams;
  NameTable& names;
};

// Resolves the upstreams of a listener's non-HTTP connections.
void addTcp(const TcpReferences& references, ListenerPlan& plan, config::Diagnostics& diagnostics);

// Rejects an upstream whose connections each belong to one client: routes share connections.
void checkRoutes(const std::vector<route::RouteSettings>& routes, const NamedUpstreams& upstreams,
                 config::Diagnostics& diagnostics);

}  // namespace weir::proxy
