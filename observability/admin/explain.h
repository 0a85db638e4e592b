#pragma once

#include "observability/admin/admin_backend.h"

namespace weir::proxy {
struct Plan;
}

namespace weir::admin {

// What `plan` does with the request; implements AdminBackend::explain, except that of the upstreams
// only the names are known. Not optimized for speed.
Explanation explainRequest(const ExplainQuery& query, const proxy::Plan& plan);

}  // namespace weir::admin
