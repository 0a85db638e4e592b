#include "core/proxy/exchange.h"

#include <string>
#include <string_view>
#include <variant>

#include "core/http/status.h"
#include "core/proxy/admission.h"
#include "core/proxy/deadline.h"
#include "core/proxy/downstream_owner.h"
#include "core/proxy/grpc.h"
#include "core/proxy/peer_headers.h"
#include "core/proxy/request_id.h"
#include "core/proxy/upgrade.h"
#include "core/proxy/web_socket.h"

namespace weir::proxy {
namespace {

std::string_view detailOfNoEndpoint(Reason reason) {
  if (reason == Reason::kUpstreamDnsError) {
    return "the upstream's addresses have not been resolved yet";
  }
  if (reason == Reason::kLimitConcurrency) return "too many requests to the upstream in flight";
  if (reason == Reason::kDestinationDenied) return "the upstream does not allow the destination";
  return reason == Reason::kNoHealthyUpstream ? "no endpoint"
                                              : "refused by a guard of the upstream";
}

}  // namespace

Exchange::Exchange(Engine& engine, DownstreamOwner& listener, const ConnectionPeer& caller,
                   http::Responder& responder)
    : engine_(engine),
      listener_(listener),
      responder_(responder),
      caller_(caller),
      arena_(engine.loop().scratch()),
      request_(arena_),
      response_(arena_),
      attempt_(engine.loop(), tries_, *this),
      request_relay_(engine.loop().chunks()),
      response_relay_(engine.loop().chunks()),
      started_(engine.loop().eventTime()),
      total_(engine.loop().wheel(), *this),
      idle_(engine.loop().wheel(), *this) {
  request_relay_.setSource(responder_);
}

Exchange::~Exchange() {
  trace_ = nullptr;  // members that are destroyed later still call
  filters_.reset();
  if (pinned_ != nullptr) engine_.unpin(*pinned_);
}

void Exchange::onRequestHead() {
  times_.request_head = elapsed();
  pinned_ = &engine_.pin();
  listener_plan_ = &listener_.plan();
  listener_.requestsInFlight().add(1);
  request_ended_ = request_.body == http::BodyKind::kNone;
  run();
}

void Exchange::run() {
  if (running_) return;
  running_ = true;
  while (step()) {
  }
  running_ = false;
  if (stage_ == Stage::kDone) responder_.release();  // the last call: the exchange is destroyed
}

// One stage of the request. A stage returns false if it must wait; run() continues here.
bool Exchange::step() {
  switch (stage_) {
    case Stage::kAdmission:
      return admitRequest();
    case Stage::kListenerFilters:
      return filterEarly();
    case Stage::kRequestFilters:
      return filterRequest();
    case Stage::kPickEndpoint:
      return pickEndpoint();
    case Stage::kConnect:
      return connect();
    case Stage::kForward:
      return forward();
    case Stage::kResponseFilters:
      return filterResponse();
    case Stage::kReply:
      return reply();
    case Stage::kDone:
      return false;
  }
  return false;
}

bool Exchange::admitRequest() {
  original_path_ = request_.path;
  original_query_ = request_.query;
  const Peer peer{caller_.ip, caller_.security == nullptr ? "http" : "https"};
  downstream_ = findDownstream(request_, *listener_plan_, peer);
  request_.scheme = downstream_.scheme;
  if (trustsPeer()) noteDeadline(trustedDeadline(request_));
  if (Tracer* const tracer = engine_.tracer()) {
    trace_ = &tracer->begin(request_, downstream_.trusted_peer);
  }
  if (!checkRequest() || !checkMemory()) return true;
  // First: routes and filters must not see untrusted claims, and rewriting comes later.
  addForwardedHeaders(request_, *listener_plan_, peer, downstream_);
  admitted_path_ = request_.path;
  return listener_plan_->has_early_steps ? takeEarlySteps() : findRoute();
}

// What the listener does with every request, before a route is looked up.
bool Exchange::takeEarlySteps() {
  const ListenerPlan& listener = *listener_plan_;
  if (listener.https_redirect != nullptr && request_.scheme == "http") {
    return sendRedirect(*listener.https_redirect);
  }
  if (!listener.request_rules.empty()) {
    listener.request_rules.apply(request_.headers, variables());
  }
  if (listener.early_filters == nullptr) return findRoute();
  addFilters(listener.early_filters.get());
  stage_ = Stage::kListenerFilters;
  return true;
}

bool Exchange::findRoute() {
  const route::Source source{listener_plan_->id, {downstream_.ip.bytes()}};
  route_ = caller_.interception == nullptr ? plan().routes.find(request_, source, captures_)
                                           : routeOf(source);
  if (route_ == nullptr) {
    if (listener_plan_->filters_without_route == nullptr) return failUnrouted();
    addFilters(listener_plan_->filters_without_route.get());
    stage_ = Stage::kRequestFilters;
    return true;
  }
  idle_limit_ = route_->timeouts.idle.value_or(plan().defaults.idle_timeout);
  if (const auto refusal = admitPath(request_, *listener_plan_, *route_, original_path_)) {
    replyLocally(refusal->status, refusal->reason, refusal->detail);
    return true;
  }
  admitted_path_ = request_.path;
  if (!request_.upgrade.empty() && !chooseUpgrade(request_, route_->upgrades)) {
    replyLocally(501, Reason::kConfigDisabled, "the route does not allow this protocol");
    return true;
  }
  addFilters(routeFilters());
  stage_ = Stage::kRequestFilters;
  return true;
}

bool Exchange::failUnrouted() {
  if (caller_.interception != nullptr && caller_.interception->unresolved()) {
    fail(Reason::kDestinationDenied, "the destination belongs to no upstream");
    return true;
  }
  fail(Reason::kNoRoute, "no route matches");
  return true;
}

bool Exchange::checkRequest() {
  http::Headers& headers = request_.headers;
  const http::Header* given = headers.find(http::HeaderId::kXRequestId);
  if (given != nullptr && listener_plan_->request_id == RequestIds::kKeep) {
    request_id_ = given->value;
  } else {
    request_id_ = makeRequestId(engine_.random(), arena_);
    headers.set(http::HeaderId::kXRequestId, request_id_);
  }
  const auto refusal = admit(request_, *listener_plan_, caller_.security, downstream_.trusted_peer,
                             plan().filter_fields);
  if (refusal) replyLocally(refusal->status, refusal->reason, refusal->detail);
  return !refusal;
}

// A new connection is refused by the listener, a request on an open one here.
bool Exchange::checkMemory() {
  if (engine_.loop().overload() < event::Overload::kResetStreams) return true;
  fail(Reason::kOverloadMemory, "out of memory");
  return false;
}

bool Exchange::filterRequest() { return filters_ ? passFiltered() : takeAction(); }

bool Exchange::takeAction() {
  times_.routed = elapsed();
  if (route_ == nullptr) return failUnrouted();
  if (const auto* redirect = std::get_if<std::unique_ptr<const route::Redirect>>(&route_->action)) {
    return sendRedirect(**redirect);
  }
  if (const auto* respond = std::get_if<std::unique_ptr<const route::Respond>>(&route_->action)) {
    return sendResponse(**respond);
  }
  const auto cluster = chooseCluster();
  if (!cluster) {
    replyLocally(500, Reason::kNoHealthyUpstream, "every target of the split has weight 0");
    return true;
  }
  return prepareForward(*cluster);
}

// The work that is done once for all attempts.
bool Exchange::prepareForward(NameId cluster) {
  const bool counted =
      request_.method == http::Method::kOptions || request_.method == http::Method::kTrace;
  if (counted && !countForward(request_)) return endForwards();
  upstream::Cluster* const found = engine_.clusters().get(cluster, plan().clusters);
  if (found == nullptr) {
    fail(Reason::kNoHealthyUpstream, "the upstream was removed from the configuration");
    return true;
  }
  tries_.begin(*found);
  addPeerHeaders(request_, *listener_plan_, caller_.peer());
  if (!route_->request_headers.empty()) {
    route_->request_headers.apply(request_.headers, variables());
  }
  if (route_->rewrite != nullptr && !route_->rewrite->apply(request_, variables()).ok()) {
    fail(Reason::kBadRequest, "the rewritten path is not valid");
    return true;
  }
  if (!request_.upgrade.empty()) addWebSocketKey(request_, engine_.random());
  // RFC 9112, 3.2: an HTTP/1.0 request may lack a Host, an HTTP/1.1 request needs one.
  if (request_.authority.empty()) request_.authority = found->plan().name;
  const route::RetryPolicy& policy = retryPolicy();
  request_relay_.keepForReplay(policy.attempts > 0 ? policy.replay_body_bytes : 0);
  if (!route_->mirrors.empty()) mirrors_.start(engine_, *route_, plan(), request_);
  if (isGrpc(request_)) noteDeadline(grpcTimeout(request_));
  if (pastDeadline()) return failPastDeadline();
  armTotal(false);
  touchIdle();
  stage_ = Stage::kPickEndpoint;
  return true;
}

bool Exchange::pickEndpoint() {
  if (attempt_.pausing()) return false;  // onAttemptDue continues
  const bool plain = route_->affinity == nullptr && caller_.interception == nullptr;
  const Reason failure = plain ? attempt_.begin() : beginAttempt();
  if (failure != Reason::kNone) {
    fail(failure, detailOfNoEndpoint(failure));
    return true;
  }
  if (engine_.accessLog() != nullptr) {
    endpoint_ = arena_.copy(attempt_.member()->endpoint.address.text());
  }
  stage_ = Stage::kConnect;
  return true;
}

bool Exchange::connect() {
  upstream::Demand demand;
  demand.fresh = tries_.fresh();
  demand.once = !http::isIdempotent(request_.method) || request_.body != http::BodyKind::kNone;
  if (!request_.upgrade.empty()) {
    const auto protocol = tries_.cluster()->plan().options.protocol;
    askForUpgrade(request_, protocol == http::VersionChoice::kHttp2, demand);
  }
  demand.revocable = request_.version == http::Version::kHttp2;
  demand.share = caller_.share;
  attempt_.acquire(demand);  // may call back immediately
  return !attempt_.waiting();
}

void Exchange::onAcquired(const upstream::PooledConnection& lease) {
  if (engine_.accessLog() != nullptr && lease.peer != nullptr) {
    upstream_identity_ = arena_.copy(lease.peer->identity);
  }
  attempt_.open(lease, *this);
  times_.connected = lease.reused ? times_.routed : elapsed();
  stage_ = Stage::kForward;
  run();
}

bool Exchange::forward() {
  if (request_ended_ || request_.body == http::BodyKind::kTunnel) armTry();
  if (deadline_) tellDeadline();
  http::Requester& requester = *attempt_.requester();
  if (trace_ != nullptr && engine_.tracer() != nullptr) {
    engine_.tracer()->beginAttempt(*trace_, *attempt_.member(), request_);
  }
  requester.sendHead(request_);
  if (request_.body == http::BodyKind::kLength || request_.body == http::BodyKind::kStream) {
    request_relay_.attach(requester);
  }
  stage_ = Stage::kResponseFilters;  // once the response's head is there: onResponseHead
  return false;
}

void Exchange::onRequestBody(Bytes bytes) {
  touchIdle();
  if (auto* const filters = bodies(filter::Side::kRequest)) return pushFiltered(*filters, bytes);
  passRequestBody(bytes);
}

void Exchange::passRequestBody(Bytes bytes) {
  mirrors_.push(bytes);
  request_relay_.push(bytes);
}

void Exchange::endRequestBody() {
  mirrors_.end(&request_.trailers);
  request_relay_.end(&request_.trailers);
}

bool Exchange::checkTrailers() {
  const auto refusal = admitTrailers(request_.trailers, *listener_plan_, plan().filter_fields);
  if (refusal) replyLocally(refusal->status, refusal->reason, refusal->detail);
  return !refusal;
}

void Exchange::onRequestEnd() {
  request_ended_ = true;
  times_.request_sent = elapsed();
  if (!request_.trailers.empty() && !checkTrailers()) return run();
  // A filter with the whole body has a time limit of its own.
  if (stage_ <= Stage::kRequestFilters) idle_.disarm();
  auto* const filters = bodies(filter::Side::kRequest);
  if (filters == nullptr) endRequestBody();
  if (tunnel_ && upstream_ended_) {
    complete();
    return run();
  }
  if (!tunnel_ && tries_.cluster() != nullptr) {
    armTotal(response_begun_);
    if (attempt_.requester() != nullptr && !attempt_.headArrived()) armTry();
  }
  if (filters != nullptr) endFiltered(*filters);
}

void Exchange::onInformational() {
  touchIdle();
  if (!response_begun_) responder_.sendInformational(response_);
}

void Exchange::onResponseHead() {
  times_.upstream_first_byte = elapsed();
  attempt_.unlimit();
  attempt_.noteHead();
  if (response_.status >= http::StatusSet::kLeast || retryPolicy().statuses.anyGrpc()) {
    if (retryResponse()) return;
    peeking_ = awaitsMessage();
  }
  if (!confirmUpgrade(request_, response_)) {
    fail(Reason::kUpstreamProtocolError, "the upstream did not switch protocols");
  }
  run();
}

bool Exchange::filterResponse() {
  if (!attempt_.headArrived() || peeking_) return false;
  if (filters_ && filters_->seeResponses() && !passResponse()) return stage_ == Stage::kDone;
  addVia(response_.headers, response_.version);
  // RFC 9110, 6.6.1: a response without a Date gets the time of its receipt.
  if (!response_.headers.mayHave(http::HeaderId::kDate) && response_.status >= 200) {
    response_.headers.add(http::HeaderId::kDate, engine_.date());
  }
  if (!route_->response_headers.empty()) {
    route_->response_headers.apply(response_.headers, variables());
  }
  if (route_->affinity != nullptr) keepSession();
  if (!listener_plan_->response_rules.empty()) {
    listener_plan_->response_rules.apply(response_.headers, variables());
  }
  stage_ = Stage::kReply;
  return true;
}

bool Exchange::reply() {
  if (response_begun_) return false;  // later events send the rest
  response_begun_ = true;
  status_ = response_.status;
  request_relay_.stopKeeping();
  armTotal(true);
  touchIdle();
  auto* const filters = bodies(filter::Side::kResponse);
  auto* const requester = attempt_.requester();
  if (requester != nullptr && filters == nullptr) response_relay_.setSource(*requester);
  responder_.sendHead(response_);
  if (response_.body != http::BodyKind::kNone) response_relay_.attach(responder_);
  if (response_.body == http::BodyKind::kTunnel) startTunnel();
  if (filters != nullptr) {
    filters->open();
  } else if (upstream_ended_ && !tunnel_) {
    finishResponse();  // all received while a filter waited
  }
  return false;
}

void Exchange::startTunnel() {
  if (auto* const filters = bodies(filter::Side::kRequest)) {
    filters->discard();
    request_relay_.setSource(responder_);
  }
  tunnel_ = true;
  request_ended_ = false;  // the client's side of the tunnel is open
  total_.disarm();
  request_relay_.continueTo(*attempt_.requester());
  responder_.setReading(true);  // data already sent by the client
}

void Exchange::onResponseBody(Bytes bytes) {
  touchIdle();
  if (std::exchange(peeking_, false)) {
    response_relay_.push(bytes);
    return run();
  }
  if (auto* const filters = bodies(filter::Side::kResponse)) return pushFiltered(*filters, bytes);
  response_relay_.push(bytes);
}

void Exchange::onResponseEnd() {
  upstream_ended_ = true;
  if (tunnel_) {
    response_relay_.end(nullptr);
    if (!request_ended_) return;  // half-closed
    complete();
    return run();
  }
  attempt_.noteResponseEnd();
  if (peeking_) return endPeek();
  if (auto* const filters = bodies(filter::Side::kRequest)) filters->discard();
  request_relay_.discard();
  if (auto* const filters = bodies(filter::Side::kResponse)) return endFiltered(*filters);
  if (filters_) response_relay_.endSource();
  if (!response_begun_) return;  // a filter holds the head
  finishResponse();
  run();
}

void Exchange::finishResponse() {
  if (response_.body == http::BodyKind::kNone) {
    responder_.finish(nullptr);
  } else {
    response_relay_.end(&response_.trailers);
  }
  complete();
}

}  // namespace weir::proxy
