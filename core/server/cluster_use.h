#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/base/names.h"

namespace weir::server {

// The use of a cluster by one worker, or by all of them together.
struct ClusterUse {
  std::uint64_t idle_connections = 0;
  std::map<std::string, std::uint64_t> in_flight;  // by the endpoint's address, as text
  // The number of workers whose guards have taken the endpoint out of use, if there are any.
  std::map<std::string, std::uint64_t> ejected;
};
using ClusterUses = std::map<NameId, ClusterUse>;

}  // namespace weir::server
