#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/config/diagnostics.h"
#include "core/config/variant.h"
#include "core/http/target.h"
#include "core/upstream/cluster_options.h"

namespace weir::server {

using NamedOptions = std::vector<std::pair<std::string, upstream::ClusterOptions>>;

// The upstreams to be made for the URLs among `targets`: one for each scheme, host and port, unless
// the configuration has an upstream of that name. Their options are those of
//   [upstream."https://id.example"]
//   discovery = { dns = "id.example:443" }
//   tls = {}
NamedOptions upstreamsForUrls(const std::vector<http::Target>& targets,
                              const NamedOptions& configured, const config::Extensions& extensions,
                              config::Diagnostics& diagnostics);

}  // namespace weir::server
