#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/upstream/endpoint.h"

namespace weir::mesh::consul {

inline constexpr std::size_t kMostAnswer = 64_MiB;

struct Answer {
  std::vector<upstream::Endpoint> endpoints;
  std::size_t skipped = 0;  // instances without a usable address
  std::string mistake;      // the answer cannot be used; empty: it can
};

// Reads the answer of /v1/health/service. An instance has its own address or that of its node, the
// weight for its health, and its own zone or that of its node. Critical instances are left out.
Answer readServiceHealth(std::string_view json);

}  // namespace weir::mesh::consul
