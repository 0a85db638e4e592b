#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/base/names.h"

namespace weir::server {

// What a worker, or all of them together, do with a cluster.
struct ClusterUse {
  std::uint64_t idle_connections = 0;
  std::map<std::string, std::uint64_t> in_flight;  // by the text of the endpoint's address
};
using ClusterUses = std::map<NameId, ClusterUse>;

}  // namespace weir::server
