#pragma once

#include "observability/admin/admin_backend.h"

namespace weir::proxy {
struct Plan;
}

namespace weir::admin {

// What `plan` does with the request: the work of AdminBackend::explain. For people: slow.
Explanation explainRequest(const ExplainQuery& query, const proxy::Plan& plan);

}  // namespace weir::admin
