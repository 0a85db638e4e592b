#include "gateway/filters.h"

#include "gateway/auth/address_list.h"
#include "gateway/auth/forward_auth.h"
#include "gateway/auth/jwt/jwt.h"
#include "gateway/auth/rbac/rbac.h"
#include "gateway/limit/rate_limit.h"
#include "gateway/resilience/fault.h"
#include "gateway/transform/grpc_web.h"

namespace weir::gateway {

void addFilters(filter::Registry& registry) {
  registry.add<AddressList>("address_list", "Filter that allows or denies clients by address.");
  registry.add<Fault>("fault",
                      "Filter that delays or aborts a share of the requests, to test clients.");
  registry.add<ForwardAuth>("forward_auth",
                            "Filter that asks an HTTP service whether a request may proceed.");
  registry.add<Rbac>("rbac", "Filter that allows or denies requests by policies (RBAC).");
  registry.add<GrpcWeb>(
      "grpc_web",
      "Filter that translates between gRPC-Web and gRPC, so that browsers can call gRPC services.");
  registry.add<Jwt>("jwt", "Filter that authenticates clients by signed tokens (JWT).");
  registry.add<RateLimit>(
      "rate_limit",
      "Filter that limits the rate of requests, or their number in flight, for each caller.");
}

}  // namespace weir::gateway
