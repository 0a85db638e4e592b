#include "core/http/status.h"
#include "core/proxy/admission.h"
#include "core/proxy/exchange.h"
#include "core/proxy/local_reply.h"
#include "core/proxy/upgrade.h"

// Local replies.
namespace weir::proxy {

void Exchange::replyLocally(const filter::LocalReply& reply, NameId filter) {
  if (state_.stage == Stage::kDone) return;
  state_.dropAttempt(AttemptOutcome::kCancel, reply.reason);
  state_.failure = {reply.reason, reply.detail, filter};
  if (state_.response_begun) {  // its head has been sent
    state_.responder.abort();
    return complete();
  }
  int status = reply.status == 0 ? http::statusFor(reply.reason) : reply.status;
  if (status < 300 && asksForTunnel(state_.request)) status = 501;
  http::Response& response = state_.response;
  response = http::Response(state_.arena);
  response.status = status;
  // RFC 9110, 15.5.9: the connection is closed after a request timeout.
  response.ends_connection = status == 408;
  const Replied to{state_.request, state_.request_id, state_.listenerPlan().reason_header};
  sendLocal(fillReply(reply, to, response));
}

bool Exchange::refuse(const Refusal& refusal) {
  replyLocally({.status = refusal.status, .reason = refusal.reason, .detail = refusal.detail}, 0);
  return true;
}

bool Exchange::failUnrouted() {
  const Interception* const from = state_.peer.interception;
  if (from != nullptr && from->unresolved()) {
    fail(Reason::kDestinationDenied, "the destination belongs to no upstream");
    return true;
  }
  fail(Reason::kNoRoute, "no route matches");
  return true;
}

// Max-Forwards is exhausted: weir is the final recipient of the request.
bool Exchange::endForwards() {
  if (state_.request.method == http::Method::kTrace) {
    fail(Reason::kConfigDisabled, "weir does not respond to TRACE");
    return true;
  }
  state_.response = http::Response(state_.arena);
  state_.response.status = 200;
  state_.response.headers.add("allow", kAllowedMethods);
  sendLocal({});
  return true;
}

bool Exchange::sendRedirect(const route::Redirect& redirect) {
  http::Request asked = state_.request;
  if (!state_.downstream.host.empty()) asked.authority = state_.downstream.host;
  const auto location = redirect.location(asked, state_.variables());
  if (!location.ok()) {
    fail(Reason::kBadRequest, location.error().detail);
    return true;
  }
  state_.response = http::Response(state_.arena);
  state_.response.status = redirect.status();
  state_.response.headers.add(http::HeaderId::kLocation, location.value());
  if (state_.route != nullptr) state_.applyRouteHeaders();
  sendLocal({});
  return true;
}

bool Exchange::sendResponse(const route::Respond& respond) {
  if (respond.status < 300 && asksForTunnel(state_.request)) {
    return refuse({501, Reason::kConfigDisabled, "the route does not accept tunnels"});
  }
  http::Response& response = state_.response;
  response = http::Response(state_.arena);
  response.status = respond.status;
  const std::string_view body = respond.body.expand(state_.variables(), state_.arena);
  respond.headers.apply(response.headers, state_.variables());
  if (!body.empty() && response.headers.find(http::HeaderId::kContentType) == nullptr) {
    response.headers.add(http::HeaderId::kContentType, "text/plain; charset=utf-8");
  }
  state_.applyRouteHeaders();
  sendLocal(body);
  return true;
}

// Sends the local reply and ends the exchange. `body` is in the arena or in the plan.
void Exchange::sendLocal(std::string_view body) {
  http::Response& response = state_.response;
  response.headers.add(http::HeaderId::kServer, "weir");
  // RFC 9110, 6.6.1.
  if (response.headers.find(http::HeaderId::kDate) == nullptr) {
    response.headers.add(http::HeaderId::kDate, state_.engine.date());
  }
  body = filters_.passLocalReply({response, body, state_.failure.reason});
  const bool has_body = frameReply(response, body.size(), state_.request.method);
  const route::HeaderRules& rules = state_.listenerPlan().response_rules;
  if (!rules.empty()) rules.apply(response.headers, state_.variables());
  state_.response_begun = true;
  state_.status = response.status;
  state_.responder.sendHead(response);
  if (has_body) {
    state_.responder.sendBody(asBytes(body));
    state_.response_relay.discard();
    state_.local_body_bytes = body.size();
  }
  state_.responder.finish(nullptr);
  complete();
}

void Exchange::onRequestFailed(Error error) {
  state_.request_ended = true;
  const Reason reason = http::reasonForRequest(error);
  if (reason == Reason::kClientDisconnect || reason == Reason::kDraining) {  // no recipient
    state_.failure = {reason, error.detail};
    if (!state_.response_begun) state_.status = http::statusFor(reason);
    state_.dropAttempt(AttemptOutcome::kCancel, reason);
    complete();
  } else {
    refuse({http::statusForRequest(error), reason, error.detail});
  }
  run();
}

}  // namespace weir::proxy
