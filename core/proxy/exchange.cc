#include "core/proxy/exchange.h"

#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "core/http/status.h"
#include "core/proxy/admission.h"
#include "core/proxy/deadline.h"
#include "core/proxy/exchange_affinity.h"
#include "core/proxy/exchange_interception.h"
#include "core/proxy/exchange_report.h"
#include "core/proxy/request_id.h"
#include "core/proxy/upgrade.h"

namespace weir::proxy {
namespace {

// A caller whose deadlines count, beyond that of gRPC: a trusted proxy, a node that has proved its
// identity, or the application beside a sidecar.
bool trustsDeadline(const ExchangeState& state) {
  const net::PeerCertificate* const peer = state.peer.peer();
  return state.downstream.trusted_peer ||
         state.listener_plan->forwarded == ForwardedMode::kPreserve ||
         (peer != nullptr && !peer->identity.empty());
}

void setRequestId(ExchangeState& state) {
  http::Headers& headers = state.request.headers;
  const http::Header* const given = headers.find(http::HeaderId::kXRequestId);
  if (given != nullptr && state.listener_plan->request_id == RequestIds::kKeep) {
    state.request_id = given->value;
  } else {
    state.request_id = makeRequestId(state.engine.random(), state.arena);
    headers.set(http::HeaderId::kXRequestId, state.request_id);
  }
}

std::optional<Refusal> checkRequest(ExchangeState& state) {
  auto refusal = admit(state.request, *state.listener_plan, state.peer.security,
                       state.downstream.trusted_peer, state.plan().filter_fields);
  if (refusal) return refusal;
  // A new connection is refused by the listener, a request on an open one here.
  if (state.loop().overload() < event::Overload::kResetStreams) return std::nullopt;
  constexpr Reason kReason = Reason::kOverloadMemory;
  return Refusal{http::statusFor(kReason), kReason, "out of memory"};
}

// Applies the rules of the route to the request.
std::optional<Refusal> checkRouted(ExchangeState& state) {
  http::Request& request = state.request;
  const route::Route& route = *state.route;
  auto refusal = admitPath(request, *state.listener_plan, route, state.original_path);
  if (refusal) return refusal;
  state.admitted_path = request.path;
  if (request.upgrade.empty() || chooseUpgrade(request, route.upgrades)) return std::nullopt;
  return Refusal{501, Reason::kConfigDisabled, "the route does not allow this protocol"};
}

const filter::Chain* filtersOfRoute(const ExchangeState& state) {
  const auto& own = state.listener_plan->route_filters;
  return (own.empty() ? state.plan().chains : own)[state.route->index].get();
}

bool mayForward(http::Request& request) {
  const bool counted =
      request.method == http::Method::kOptions || request.method == http::Method::kTrace;
  return !counted || countForward(request);
}

}  // namespace

Exchange::Exchange(Engine& engine, DownstreamOwner& listener, const ConnectionPeer& peer,
                   http::Responder& responder)
    : state_(engine, listener, peer, responder),
      limits_(state_, *this),
      filters_(state_, limits_, *this),
      forwarding_(state_, filters_, limits_, *this) {}

Exchange::~Exchange() {
  state_.trace = nullptr;  // members that are destroyed later still call
  state_.steps = nullptr;
  filters_.destroy();
}

void Exchange::onRequestHead() {
  state_.times.request_head = state_.elapsed();
  state_.pinned = &state_.engine.pin();
  state_.listener_plan = &state_.listener.plan();
  state_.listener.requestsInFlight().add(1);
  state_.request_ended = state_.request.body == http::BodyKind::kNone;
  run();
}

void Exchange::run() {
  if (state_.running) return;
  state_.running = true;
  while (step()) {
  }
  state_.running = false;
  // The last call: the exchange is destroyed.
  if (state_.stage == Stage::kDone) state_.responder.release();
}

// One stage of the request. A stage returns false if it must wait; run() continues here.
bool Exchange::step() {
  switch (state_.stage) {
    case Stage::kAdmission:
      return admitRequest();
    case Stage::kListenerFilters:
      return filterEarly();
    case Stage::kRequestFilters:
      return filters_.empty() ? takeAction() : filterRequest();
    case Stage::kPickEndpoint:
      return forwarding_.pickEndpoint();
    case Stage::kConnect:
      return forwarding_.connect();
    case Stage::kForward:
      return forwarding_.sendRequest();
    case Stage::kResponseFilters:
      return filterResponse();
    case Stage::kReply:
      return reply();
    case Stage::kAwaitHead:
    case Stage::kAwaitMessage:
    case Stage::kDone:
      return false;
  }
  return false;
}

bool Exchange::admitRequest() {
  http::Request& request = state_.request;
  state_.original_path = request.path;
  state_.original_query = request.query;
  const ListenerPlan& listener = *state_.listener_plan;
  const Peer peer{state_.peer.ip, state_.peer.security == nullptr ? "http" : "https"};
  state_.downstream = findDownstream(request, listener, peer);
  request.scheme = state_.downstream.scheme;
  if (trustsDeadline(state_)) limits_.noteDeadline(trustedDeadline(request));
  if (Tracer* const tracer = state_.engine.tracer()) {
    state_.trace = &tracer->begin(request, state_.downstream.trusted_peer);
  }
  if (Tap* const tap = state_.engine.tap()) [[unlikely]]
    beginSteps(*tap, state_);
  setRequestId(state_);
  if (const auto refusal = checkRequest(state_)) return refuse(*refusal);
  // First: routes and filters must not see untrusted claims, and rewriting comes later.
  addForwardedHeaders(request, listener, peer, state_.downstream);
  state_.admitted_path = request.path;
  return listener.has_early_steps ? takeEarlySteps() : findRoute();
}

// What the listener does with every request, before a route is looked up.
bool Exchange::takeEarlySteps() {
  const ListenerPlan& listener = *state_.listener_plan;
  if (listener.https_redirect != nullptr && state_.request.scheme == "http") {
    return sendRedirect(*listener.https_redirect);
  }
  if (!listener.request_rules.empty()) {
    listener.request_rules.apply(state_.request.headers, state_.variables());
  }
  if (listener.early_filters == nullptr) return findRoute();
  filters_.add(listener.early_filters.get());
  state_.stage = Stage::kListenerFilters;
  return true;
}

// The filters of the listener that come before the route.
bool Exchange::filterEarly() {
  return filters_.passRequest() ? findRoute() : state_.stage == Stage::kDone;
}

bool Exchange::findRoute() {
  const ListenerPlan& listener = *state_.listener_plan;
  const Plan& plan = state_.plan();
  const route::Source source{listener.id, state_.downstream.ip};
  state_.route = state_.peer.interception == nullptr
                     ? plan.routes.find(state_.request, source, state_.captures)
                     : findInterceptedRoute(state_, source);
  if (state_.route == nullptr) {
    if (listener.filters_without_route == nullptr) return failUnrouted();
    filters_.add(listener.filters_without_route.get());
  } else {
    limits_.limitIdle(state_.route->timeouts.idle.value_or(plan.defaults.idle_timeout));
    if (const auto refusal = checkRouted(state_)) return refuse(*refusal);
    filters_.add(filtersOfRoute(state_));
  }
  state_.stage = Stage::kRequestFilters;
  return true;
}

bool Exchange::filterRequest() {
  if (!filters_.passRequest()) return state_.stage == Stage::kDone;
  takeAction();
  // Mirrors have begun, and see the filtered bytes from the first one.
  auto* const waiting = filters_.bodies(filter::Side::kRequest);
  if (waiting != nullptr && state_.stage != Stage::kDone) waiting->open();
  return true;
}

bool Exchange::takeAction() {
  state_.times.routed = state_.elapsed();
  if (state_.route == nullptr) return failUnrouted();
  const auto& action = state_.route->action;
  if (const auto* redirect = std::get_if<std::unique_ptr<const route::Redirect>>(&action)) {
    return sendRedirect(**redirect);
  }
  if (const auto* respond = std::get_if<std::unique_ptr<const route::Respond>>(&action)) {
    return sendResponse(**respond);
  }
  const auto cluster = chooseCluster(state_);
  if (!cluster) {
    return refuse({500, Reason::kNoHealthyUpstream, "every target of the split has weight 0"});
  }
  if (!mayForward(state_.request)) return endForwards();
  forwarding_.begin(*cluster);
  return true;
}

void Exchange::onRequestBody(Bytes bytes) {
  limits_.touchIdle();
  if (auto* const bodies = filters_.bodies(filter::Side::kRequest)) {
    return filters_.push(*bodies, bytes);
  }
  state_.passRequestBody(bytes);
}

void Exchange::onRequestEnd() {
  state_.request_ended = true;
  state_.times.request_sent = state_.elapsed();
  http::Headers& trailers = state_.request.trailers;
  if (!trailers.empty()) {
    const auto refusal =
        admitTrailers(trailers, *state_.listener_plan, state_.plan().filter_fields);
    if (refusal) {
      refuse(*refusal);
      return run();
    }
  }
  // A filter with the whole body has a time limit of its own.
  if (state_.stage <= Stage::kRequestFilters) limits_.disarmIdle();
  auto* const bodies = filters_.bodies(filter::Side::kRequest);
  if (bodies == nullptr) state_.endRequestBody();
  if (state_.tunnel && state_.upstream_ended) {
    complete();
    return run();
  }
  if (!state_.tunnel) forwarding_.noteRequestEnd();
  if (bodies != nullptr) filters_.end(*bodies);
}

bool Exchange::filterResponse() {
  if (filters_.seeResponses() && !filters_.passResponse()) return state_.stage == Stage::kDone;
  http::Response& response = state_.response;
  addVia(response.headers, response.version);
  // RFC 9110, 6.6.1: a response without a Date gets the time of its receipt.
  if (!response.headers.mayHave(http::HeaderId::kDate) && response.status >= 200) {
    response.headers.add(http::HeaderId::kDate, state_.engine.date());
  }
  state_.applyRouteHeaders();
  if (state_.route->affinity != nullptr) keepSession(state_);
  if (!state_.listener_plan->response_rules.empty()) {
    state_.listener_plan->response_rules.apply(response.headers, state_.variables());
  }
  state_.stage = Stage::kReply;
  return true;
}

bool Exchange::reply() {
  if (state_.response_begun) return false;  // later events send the rest
  const http::Response& response = state_.response;
  state_.response_begun = true;
  state_.status = response.status;
  state_.request_relay.stopKeeping();
  limits_.armTotal();
  limits_.touchIdle();
  auto* const bodies = filters_.bodies(filter::Side::kResponse);
  auto* const requester = state_.attempt->requester();
  if (requester != nullptr && bodies == nullptr) state_.response_relay.setSource(*requester);
  state_.responder.sendHead(response);
  if (response.body != http::BodyKind::kNone) state_.response_relay.attach(state_.responder);
  if (response.body == http::BodyKind::kTunnel) startTunnel();
  if (bodies != nullptr) {
    bodies->open();
  } else if (state_.upstream_ended && !state_.tunnel) {
    finishResponse();  // all received while a filter waited
  }
  return false;
}

void Exchange::startTunnel() {
  if (auto* const bodies = filters_.bodies(filter::Side::kRequest)) {
    bodies->discard();
    state_.request_relay.setSource(state_.responder);
  }
  state_.tunnel = true;
  state_.request_ended = false;  // the client's side of the tunnel is open
  limits_.disarmTotal();
  state_.request_relay.continueTo(*state_.attempt->requester());
  state_.responder.setReading(true);  // data already sent by the client
}

void Exchange::finishResponse() {
  if (state_.response.body == http::BodyKind::kNone) {
    state_.responder.finish(nullptr);
  } else {
    state_.response_relay.end(&state_.response.trailers);
  }
  complete();
}

void Exchange::complete() {
  if (state_.stage == Stage::kDone) return;
  state_.stage = Stage::kDone;
  filters_.stop();
  state_.times.total = monotonicNow() - state_.started;  // includes weir's own processing
  state_.mirrors.abandon();
  forwarding_.end();
  if (state_.pinned != nullptr) state_.listener.requestsInFlight().add(-1);
  countExchange(state_);
  const bool watched = state_.trace != nullptr || state_.steps != nullptr;
  if (watched || state_.engine.records(state_.failure.reason, state_.status)) {
    reportExchange(state_);
  }
}

}  // namespace weir::proxy
