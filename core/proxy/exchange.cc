#include "core/proxy/exchange.h"

#include <string>
#include <variant>

#include "core/http/h2/fields.h"
#include "core/http/status.h"
#include "core/proxy/admission.h"
#include "core/proxy/grpc.h"
#include "core/proxy/listener.h"
#include "core/proxy/mirror.h"
#include "core/proxy/peer_headers.h"
#include "core/proxy/request_id.h"
#include "core/proxy/web_socket.h"

namespace weir::proxy {

Exchange::Exchange(Engine& engine, Listener& listener, const ConnectionPeer& caller,
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
  filters_.reset();
  if (pinned_ != nullptr) engine_.unpin(*pinned_);
}

void Exchange::onRequestHead() {
  times_.request_head = elapsed();
  pinned_ = &engine_.pin();
  listener_plan_ = &listener_.plan();
  counted_ = true;
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
    case Stage::kRoute:
      return findRoute();
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

bool Exchange::findRoute() {
  original_path_ = request_.path;
  original_query_ = request_.query;
  const Peer peer{caller_.ip, caller_.security == nullptr ? "http" : "https"};
  downstream_ = findDownstream(request_, *listener_plan_, peer);
  request_.scheme = downstream_.scheme;
  if (!checkRequest() || !checkMemory()) return true;
  // First: routes and filters must not see untrusted claims, and rewriting comes later.
  addForwardedHeaders(request_, *listener_plan_, peer, downstream_);
  admitted_path_ = request_.path;
  const route::Source source{listener_plan_->id, {downstream_.ip.bytes()}};
  route_ = plan().routes.find(request_, source, captures_);
  times_.routed = times_.request_head;
  if (route_ == nullptr) {
    fail(Reason::kNoRoute, "no route matches");
    return true;
  }
  if (const auto refusal = admitPath(request_, *listener_plan_, *route_, original_path_)) {
    replyLocally(refusal->status, refusal->reason, refusal->detail);
    return true;
  }
  admitted_path_ = request_.path;
  if (!request_.upgrade.empty() && !chooseUpgrade()) return true;
  stage_ = Stage::kRequestFilters;
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
  const auto refusal = admit(request_, *listener_plan_, caller_.security, downstream_.trusted_peer);
  if (refusal) replyLocally(refusal->status, refusal->reason, refusal->detail);
  return !refusal;
}

// A new connection is refused by the listener, a request on an open one here.
bool Exchange::checkMemory() {
  if (engine_.loop().overload() < event::Overload::kResetStreams) return true;
  fail(Reason::kOverloadMemory, "out of memory");
  return false;
}

// An Upgrade that the route does not allow is ignored (RFC 9110, 7.8). An extended CONNECT cannot
// be ignored, since it has no other meaning (RFC 9220, 3).
bool Exchange::chooseUpgrade() {
  const route::Upgrades& upgrades = route_->upgrades;
  if (request_.version != http::Version::kHttp2) {
    request_.upgrade = upgrades.choose(request_);
    return true;
  }
  if (upgrades.allows(request_.upgrade)) return true;
  replyLocally(501, Reason::kConfigDisabled, "the route does not allow this protocol");
  return false;
}

bool Exchange::filterRequest() {
  const filter::Chain* const chain = plan().chains[route_->index].get();
  if (chain != nullptr) {
    if (!filters_) filters_.emplace(*chain, arena_, static_cast<filter::Control&>(*this));
    const filter::Verdict verdict = filters_->onRequest(request_);
    if (verdict != filter::Verdict::kContinue) return verdict == filter::Verdict::kResponded;
  }
  return takeAction();
}

bool Exchange::takeAction() {
  if (const auto* redirect = std::get_if<std::unique_ptr<const route::Redirect>>(&route_->action)) {
    return sendRedirect(**redirect);
  }
  if (const auto* respond = std::get_if<std::unique_ptr<const route::Respond>>(&route_->action)) {
    return sendResponse(**respond);
  }
  const auto cluster = std::get<route::Forward>(route_->action).pick(engine_.random());
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
  if (!route_->mirrors.empty()) startMirrors();
  if (isGrpc(request_)) grpc_timeout_ = grpcTimeout(request_);
  armTotal(false);
  touchIdle();
  stage_ = Stage::kPickEndpoint;
  return true;
}

void Exchange::startMirrors() {
  for (const route::Mirror& mirror : route_->mirrors) {
    if (!mirror.wants(engine_.random())) continue;
    Mirror* const fed = Mirror::start(engine_, mirror.cluster, route_->id, plan(), request_);
    if (fed != nullptr) fed->next = std::exchange(mirrors_, fed);
  }
}

void Exchange::feedMirrors(Bytes bytes) {
  for (Mirror** at = &mirrors_; *at != nullptr;) {
    Mirror* const next = (*at)->next;
    if ((*at)->push(bytes)) {
      at = &(*at)->next;
    } else {
      *at = next;
    }
  }
}

bool Exchange::pickEndpoint() {
  if (attempt_.pausing()) return false;  // onAttemptDue continues
  const Reason failure = attempt_.begin();
  if (failure != Reason::kNone) {
    const bool unknown = failure == Reason::kUpstreamDnsError;
    fail(failure, unknown ? "the upstream's addresses have not been resolved yet" : "no endpoint");
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
  if (!request_.upgrade.empty()) askForUpgrade(demand);
  demand.revocable = request_.version == http::Version::kHttp2;
  demand.share = caller_.share;
  attempt_.acquire(demand);  // may call back immediately
  return !attempt_.waiting();
}

// A protocol that requires HTTP/1.1 cannot be offered to an upstream that speaks only HTTP/2: the
// request is sent without its Upgrade, which a recipient may ignore (RFC 9110, 7.8).
void Exchange::askForUpgrade(upstream::Demand& demand) const {
  const bool http2_only = tries_.cluster()->plan().options.protocol == http::VersionChoice::kHttp2;
  demand.by_http1 = !http::h2::isExtendedConnect(request_);
  demand.upgrade = !demand.by_http1 || !http2_only;
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
  http::Requester& requester = *attempt_.requester();
  requester.sendHead(request_);
  if (request_.body == http::BodyKind::kLength || request_.body == http::BodyKind::kStream) {
    request_relay_.attach(requester);
  }
  stage_ = Stage::kResponseFilters;  // once the response's head is there: onResponseHead
  return false;
}

// Passes a piece of a body to the filters. False if a filter sent a local reply: run() then ends
// the exchange, which must not be destroyed during a call of one of its filters.
bool Exchange::filterBody(BodyFilter show, Bytes& bytes, bool last) {
  const bool outer = std::exchange(running_, true);
  const filter::Verdict verdict = ((*filters_).*show)(bytes, last);
  running_ = outer;
  return verdict != filter::Verdict::kResponded;
}

void Exchange::onRequestBody(Bytes bytes) {
  touchIdle();
  if (filters_ && !tunnel_ && stage_ != Stage::kDone) {
    if (!filterBody(&filter::Filters::onRequestBody, bytes, false)) return run();
  }
  if (mirrors_ != nullptr) feedMirrors(bytes);
  request_relay_.push(bytes);
}

bool Exchange::checkTrailers() {
  const auto refusal = admitTrailers(request_.trailers, *listener_plan_);
  if (refusal) replyLocally(refusal->status, refusal->reason, refusal->detail);
  return !refusal;
}

void Exchange::onRequestEnd() {
  request_ended_ = true;
  times_.request_sent = elapsed();
  if (!request_.trailers.empty() && !checkTrailers()) return run();
  if (filters_ && !tunnel_) {
    Bytes rest;
    if (!filterBody(&filter::Filters::onRequestBody, rest, true)) return run();
    if (!rest.empty()) request_relay_.push(rest);
  }
  while (mirrors_ != nullptr) {
    std::exchange(mirrors_, mirrors_->next)->end(&request_.trailers);
  }
  request_relay_.end(&request_.trailers);
  if (tunnel_ && upstream_ended_) {
    complete();
    return run();
  }
  if (tunnel_ || tries_.cluster() == nullptr) return;
  armTotal(response_begun_);
  if (attempt_.requester() != nullptr && !attempt_.headArrived()) armTry();
}

void Exchange::onInformational() {
  touchIdle();
  if (!response_begun_) responder_.sendInformational(response_);
}

void Exchange::onResponseHead() {
  times_.upstream_first_byte = elapsed();
  attempt_.unlimit();
  attempt_.noteHead();
  if (retryPolicy().covers(response_.status) && mayRetry(std::nullopt)) {
    dropAttempt(AttemptOutcome::kError, Reason::kNone);
    return beginBackoff(Reason::kUpstreamStatus);
  }
  run();
}

// An HTTP/2 client that requested a tunnel takes any 2xx status as confirmation.
bool Exchange::asksForTunnel() const {
  return request_.version == http::Version::kHttp2 &&
         (!request_.upgrade.empty() || request_.method == http::Method::kConnect);
}

bool Exchange::checkAnswer() {
  if (response_.status >= 300 || !asksForTunnel()) {
    if (response_.status == 101) addWebSocketAccept(request_, response_);
    return true;
  }
  if (response_.body == http::BodyKind::kTunnel && takeWebSocketAccept(request_, response_)) {
    return true;
  }
  fail(Reason::kUpstreamProtocolError, "the upstream did not switch protocols");
  return false;
}

bool Exchange::filterResponse() {
  if (!attempt_.headArrived()) return false;
  if (!checkAnswer()) return true;
  if (filters_) {
    const filter::Verdict verdict = filters_->onResponse(response_);
    if (verdict != filter::Verdict::kContinue) return verdict == filter::Verdict::kResponded;
  }
  addVia(response_.headers, response_.version);
  // RFC 9110, 6.6.1: a response without a Date gets the time of its receipt.
  if (!response_.headers.mayHave(http::HeaderId::kDate) && response_.status >= 200) {
    response_.headers.add(http::HeaderId::kDate, engine_.date());
  }
  if (!route_->response_headers.empty()) {
    route_->response_headers.apply(response_.headers, variables());
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
  if (attempt_.requester() != nullptr) response_relay_.setSource(*attempt_.requester());
  responder_.sendHead(response_);
  if (response_.body != http::BodyKind::kNone) response_relay_.attach(responder_);
  if (response_.body == http::BodyKind::kTunnel) startTunnel();
  if (upstream_ended_ && !tunnel_) finishResponse();  // all received while a filter paused
  return false;
}

void Exchange::startTunnel() {
  tunnel_ = true;
  request_ended_ = false;  // the client's side of the tunnel is open
  total_.disarm();
  request_relay_.continueTo(*attempt_.requester());
  responder_.setReading(true);  // data already sent by the client
}

void Exchange::onResponseBody(Bytes bytes) {
  touchIdle();
  if (filters_ && !tunnel_) {
    if (!filterBody(&filter::Filters::onResponseBody, bytes, false)) return run();
  }
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
  request_relay_.discard();
  if (filters_) {
    Bytes rest;
    if (!filterBody(&filter::Filters::onResponseBody, rest, true)) return run();
    if (!rest.empty()) response_relay_.push(rest);
  }
  if (!response_begun_) return;  // a filter pauses the head
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
