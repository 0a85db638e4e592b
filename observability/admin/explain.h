#pragma once

#include "observability/admin/admin_backend.h"

namespace weir::proxy {
struct Plan;
}

namespace weir::admin {

// How `plan` routes the request; implements AdminBackend::explain. Not optimized for speed.
Explanation explainRequest(const ExplainQuery& query, const proxy::Plan& plan);

}  // namespace weir::admin
