#pragma once

#include <string_view>

#include "observability/admin/admin_backend.h"
#include "observability/admin/page_reply.h"

namespace weir::admin {

// gRPC's health check (its doc/health-checking.md): a call with one message, which names a service:
// "", "readiness" or "liveness".
inline constexpr std::string_view kHealthCheck = "/grpc.health.v1.Health/Check";

// `body`: of the request, as received.
PageReply checkHealth(std::string_view body, const Health& health);

}  // namespace weir::admin
