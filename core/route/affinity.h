#pragma once

#include <memory>

#include "core/route/hash_key.h"
#include "core/route/persistence.h"

namespace weir::route {

// How requests of a route keep to an upstream or an endpoint.
struct Affinity {
  std::unique_ptr<const HashKey> hash_on;          // of the endpoint; null: no key
  std::unique_ptr<const HashKey> split_on;         // of the upstream of a split; null: at random
  std::unique_ptr<const Persistence> persistence;  // null: no sessions
};

}  // namespace weir::route
