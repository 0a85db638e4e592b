#include "gateway/filters.h"

#include "gateway/auth/address_list.h"
#include "gateway/auth/any_of/any_of.h"
#include "gateway/auth/api_key/api_key.h"
#include "gateway/auth/basic/basic.h"
#include "gateway/auth/client_certificate.h"
#include "gateway/auth/cors.h"
#include "gateway/auth/csrf.h"
#include "gateway/auth/forward_auth/forward_auth.h"
#include "gateway/auth/jwt/jwt.h"
#include "gateway/auth/rbac/rbac.h"
#include "gateway/auth/upstream_auth/upstream_auth.h"
#include "gateway/limit/rate_limit.h"
#include "gateway/resilience/fault.h"
#include "gateway/transform/buffer.h"
#include "gateway/transform/compress.h"
#include "gateway/transform/decompress.h"
#include "gateway/transform/error_pages/error_pages.h"
#include "gateway/transform/grpc_web.h"
#include "gateway/transform/heads/transform.h"
#include "gateway/transform/json/json_bodies.h"

namespace weir::gateway {

void addFilters(filter::Registry& registry) {
  registry.add<AddressList>("address_list", "Filter that allows or denies clients by address.");
  registry.add<BufferBodies>(
      "buffer", "Filter that forwards requests or responses only when their bodies are complete.");
  registry.add<Compress>("compress",
                         "Filter that compresses responses for clients that accept it.");
  registry.add<Decompress>("decompress", "Filter that decompresses requests and responses.");
  registry.add<ErrorPages>("error_pages",
                           "Filter that replaces the bodies of error responses by pages.");
  registry.add<ApiKey>("api_key", "Filter that authenticates clients by API keys.");
  registry.add<Basic>("basic", "Filter that authenticates clients by names and passwords.");
  registry.add<ClientCertificate>("client_certificate",
                                  "Filter that authenticates clients by their TLS certificates.");
  registry.add<Cors>(
      "cors",
      "Filter that allows pages of other origins to read responses (CORS), and answers "
      "preflight requests.");
  registry.add<Csrf>("csrf",
                     "Filter that refuses requests by which pages of other origins would act as "
                     "the user of a browser (CSRF).");
  AnyOf::addKinds(registry.family("authentication"));
  registry.add<AnyOf>("any_of",
                      "Filter that authenticates clients in one of several ways: the first of its "
                      "filters whose credentials a request has decides.");
  registry.add<Fault>("fault",
                      "Filter that delays or aborts a share of the requests, to test clients.");
  registry.add<ForwardAuth>("forward_auth",
                            "Filter that asks an HTTP service whether a request may proceed.");
  registry.add<Rbac>("rbac", "Filter that allows or denies requests by policies (RBAC).");
  registry.add<GrpcWeb>(
      "grpc_web",
      "Filter that translates between gRPC-Web and gRPC, so that browsers can call gRPC services.");
  registry.add<JsonBodies>("json", "Filter that changes bodies in JSON.");
  registry.add<Jwt>("jwt", "Filter that authenticates clients by signed tokens (JWT).");
  registry.add<RateLimit>(
      "rate_limit",
      "Filter that limits the rate of requests, or their number in flight, for each caller.");
  registry.add<UpstreamAuth>("upstream_auth",
                             "Filter that authenticates weir to the upstream: adds credentials to "
                             "requests.");
  registry.add<Transform>("transform",
                          "Filter that changes headers, cookies, query, status and trailers.");
}

}  // namespace weir::gateway
