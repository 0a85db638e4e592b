#include "core/proxy/exchange_state.h"

#include "core/http/status.h"

// Tested in exchange_test.cc.
namespace weir::proxy {

route::ExchangeVariables ExchangeState::variables() const {
  route::ExchangeVariables variables;
  variables.request = &request;
  variables.response = &response;
  variables.captures = &captures;
  variables.request_id = request_id;
  variables.client_address = downstream.address;
  variables.authority = downstream.host;
  if (peer.peer() != nullptr) variables.client_identity = peer.peer()->identity;
  if (route != nullptr) variables.route_name = route->name;
  if (const auto* cluster = tries.cluster()) variables.upstream_name = cluster->plan().name;
  return variables;
}

void ExchangeState::dropAttempt(AttemptOutcome outcome, Reason reason) {
  request_relay.detach();
  attempt->drop(outcome, reason, attempt->headArrived() ? response.status : 0);
}

void ExchangeFlow::fail(Reason reason, std::string_view detail) {
  replyLocally({.status = http::statusFor(reason), .reason = reason, .detail = detail}, 0);
}

}  // namespace weir::proxy
