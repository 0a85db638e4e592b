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

// What plans say of connections that are carried as they are.
namespace weir::proxy {

using NamedUpstreams = std::vector<std::pair<std::string, upstream::ClusterOptions>>;

// What a listener may refer to.
struct TcpReferences {
  const NamedUpstreams& upstreams;
  NameTable& names;
};

// Looks up where the connections of a listener go that are no HTTP.
void addTcp(const TcpReferences& references, ListenerPlan& plan, config::Diagnostics& diagnostics);

// Routes share the connections of an upstream, which must not be one client's.
void checkRoutes(const std::vector<route::RouteSettings>& routes, const NamedUpstreams& upstreams,
                 config::Diagnostics& diagnostics);

}  // namespace weir::proxy
