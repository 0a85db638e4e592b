#pragma once

#include <string_view>

#include "observability/admin/admin_backend.h"
#include "observability/admin/page_reply.h"

namespace weir::admin {

// gRPC's way to ask for health (its doc/health-checking.md): a call with one message, which names a
// service. There are "" and "readiness", and "liveness".
inline constexpr std::string_view kHealthCheck = "/grpc.health.v1.Health/Check";

// `body`: of the request, as it came.
PageReply checkHealth(std::string_view body, const Health& health);

}  // namespace weir::admin
