#include "core/proxy/forwarding.h"

#include "core/http/status.h"
#include "core/proxy/exchange_affinity.h"
#include "core/proxy/exchange_interception.h"
#include "core/proxy/grpc.h"
#include "core/proxy/peer_headers.h"
#include "core/proxy/pushback.h"
#include "core/proxy/upgrade.h"
#include "core/proxy/web_socket.h"
#include "core/upstream/failure_reason.h"

// Tested in exchange_test.cc, exchange_attempts_test.cc and exchange_grpc_retry_test.cc.
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

Reason beginAttempt(ExchangeState& state) {
  if (state.peer.interception != nullptr) return beginIntercepted(state);
  return state.route->affinity == nullptr ? state.attempt->begin() : beginByAffinity(state);
}

}  // namespace

void Forwarding::begin(NameId cluster) {
  http::Request& request = state_.request;
  const route::Route& route = *state_.route;
  const Plan& plan = state_.plan();
  upstream::Cluster* const found = state_.engine.clusters().get(cluster, plan.clusters);
  if (found == nullptr) {
    return flow_.fail(Reason::kNoHealthyUpstream,
                      "the upstream was removed from the configuration");
  }
  state_.tries.begin(*found);
  addPeerHeaders(request, *state_.listener_plan, state_.peer.peer());
  if (!route.request_headers.empty()) {
    route.request_headers.apply(request.headers, state_.variables());
  }
  if (route.rewrite != nullptr && !route.rewrite->apply(request, state_.variables()).ok()) {
    return flow_.fail(Reason::kBadRequest, "the rewritten path is not valid");
  }
  if (!request.upgrade.empty()) addWebSocketKey(request, state_.engine.random());
  // RFC 9112, 3.2: an HTTP/1.0 request may lack a Host, an HTTP/1.1 request needs one.
  if (request.authority.empty()) request.authority = found->plan().name;
  const route::RetryPolicy& policy = state_.retryPolicy();
  state_.request_relay.keepForReplay(policy.attempts > 0 ? policy.replay_body_bytes : 0);
  if (!route.mirrors.empty()) state_.mirrors.start(state_.engine, route, plan, request);
  if (isGrpc(request)) limits_.noteDeadline(grpcTimeout(request));
  if (limits_.pastDeadline()) return limits_.failPastDeadline();
  limits_.armTotal();
  limits_.touchIdle();
  state_.stage = Stage::kPickEndpoint;
}

bool Forwarding::pickEndpoint() {
  if (attempt_.pausing()) return false;  // onAttemptDue continues
  const Reason failure = beginAttempt(state_);
  if (failure != Reason::kNone) {
    flow_.fail(failure, detailOfNoEndpoint(failure));
    return true;
  }
  if (state_.engine.accessLog() != nullptr) {
    state_.endpoint = state_.arena.copy(attempt_.member()->endpoint.address.text());
  }
  state_.stage = Stage::kConnect;
  return true;
}

bool Forwarding::connect() {
  const http::Request& request = state_.request;
  const upstream::Tries& tries = state_.tries;
  upstream::Demand demand;
  demand.fresh = tries.fresh();
  demand.once = !http::isIdempotent(request.method) || request.body != http::BodyKind::kNone;
  if (!request.upgrade.empty()) {
    const auto protocol = tries.cluster()->plan().options.protocol;
    askForUpgrade(request, protocol == http::VersionChoice::kHttp2, demand);
  }
  demand.revocable = request.version == http::Version::kHttp2;
  demand.share = state_.peer.share != nullptr ? state_.peer.share : &state_.own_share;
  attempt_.acquire(demand);  // may call back immediately
  return !attempt_.waiting();
}

void Forwarding::onAcquired(const upstream::PooledConnection& lease) {
  if (state_.engine.accessLog() != nullptr && lease.peer != nullptr) {
    state_.upstream_identity = state_.arena.copy(lease.peer->identity);
  }
  attempt_.open(lease, *this);
  state_.times.connected = lease.reused ? state_.times.routed : state_.elapsed();
  if (state_.steps != nullptr) [[unlikely]]
    state_.steps->noteConnection(lease.reused, state_.elapsed());
  state_.stage = Stage::kForward;
  flow_.run();
}

bool Forwarding::sendRequest() {
  http::Request& request = state_.request;
  if (state_.request_ended || request.body == http::BodyKind::kTunnel) limits_.armTry();
  if (state_.deadline) limits_.tellDeadline();
  if (state_.trace != nullptr && state_.engine.tracer() != nullptr) {
    state_.engine.tracer()->beginAttempt(*state_.trace, *attempt_.member(), request);
  }
  http::Requester& requester = *attempt_.requester();
  requester.sendHead(request);
  if (request.body == http::BodyKind::kLength || request.body == http::BodyKind::kStream) {
    state_.request_relay.attach(requester);
  }
  state_.stage = Stage::kAwaitHead;
  return false;
}

void Forwarding::noteRequestEnd() {
  if (state_.tries.cluster() == nullptr) return;
  limits_.armTotal();
  if (attempt_.requester() != nullptr && !attempt_.headArrived()) limits_.armTry();
}

void Forwarding::onInformational() {
  limits_.touchIdle();
  if (!state_.response_begun) state_.responder.sendInformational(state_.response);
}

void Forwarding::onResponseHead() {
  http::Response& response = state_.response;
  state_.times.upstream_first_byte = state_.elapsed();
  attempt_.unlimit();
  attempt_.noteHead();
  state_.stage = Stage::kResponseFilters;
  if (response.status >= http::StatusSet::kLeast || state_.retryPolicy().statuses.anyGrpc()) {
    if (retryResponse()) return;
    if (awaitsMessage()) state_.stage = Stage::kAwaitMessage;
  }
  if (!confirmUpgrade(state_.request, response)) {
    flow_.fail(Reason::kUpstreamProtocolError, "the upstream did not switch protocols");
  }
  flow_.run();
}

void Forwarding::onResponseBody(Bytes bytes) {
  limits_.touchIdle();
  if (state_.stage == Stage::kAwaitMessage) {
    state_.stage = Stage::kResponseFilters;
    state_.response_relay.push(bytes);
    return flow_.run();
  }
  if (auto* const bodies = filters_.bodies(filter::Side::kResponse)) {
    return filters_.push(*bodies, bytes);
  }
  state_.response_relay.push(bytes);
}

void Forwarding::onResponseEnd() {
  state_.upstream_ended = true;
  if (state_.tunnel) {
    state_.response_relay.end(nullptr);
    if (!state_.request_ended) return;  // half-closed
    flow_.complete();
    return flow_.run();
  }
  attempt_.noteResponseEnd();
  if (state_.stage == Stage::kAwaitMessage) return endWithoutMessage();
  if (auto* const bodies = filters_.bodies(filter::Side::kRequest)) bodies->discard();
  state_.request_relay.discard();
  if (auto* const bodies = filters_.bodies(filter::Side::kResponse)) return filters_.end(*bodies);
  if (!filters_.empty()) state_.response_relay.endSource();
  if (!state_.response_begun) return;  // a filter holds the head
  flow_.finishResponse();
  flow_.run();
}

void Forwarding::endWithoutMessage() {
  if (retryResponse()) {
    state_.upstream_ended = false;
    return;
  }
  state_.request_relay.discard();
  if (!filters_.empty()) state_.response_relay.endSource();
  state_.stage = Stage::kResponseFilters;
  flow_.run();
}

void Forwarding::onResponseFailed(Error error) {
  state_.request_relay.detach();
  if (state_.response_begun) {
    const Reason reason = error.code == ErrorCode::kRevoked ? Reason::kIdentityRevoked
                                                            : Reason::kUpstreamResetAfterHeaders;
    attempt_.end(AttemptOutcome::kError, reason, state_.response.status);
    flow_.fail(reason, {});
    return flow_.run();
  }
  if (replayUnseen(error)) return flow_.run();
  const Reason reason = attempt_.reasonForResponse(error);
  attempt_.end(AttemptOutcome::kError, reason, 0);
  const bool reset = reason != Reason::kUpstreamProtocolError;
  const auto failure =
      error.code == ErrorCode::kRefused ? route::RetryOn::kRefusedStream : route::RetryOn::kReset;
  if (!reset || !retryFor(failure, reason)) flow_.fail(reason, error.detail);
  flow_.run();
}

void Forwarding::onAcquireFailed(Error error) {
  const Reason reason = upstream::reasonForConnecting(error);
  const bool timed_out = error.code == ErrorCode::kTimeout;
  const bool connecting = error.origin == Origin::kUpstream;
  if (timed_out && connecting) limits_.countTimeout(TimeoutStage::kConnect);
  attempt_.end(timed_out ? AttemptOutcome::kTimeout : AttemptOutcome::kError, reason, 0);
  if (!connecting || !retryFor(route::RetryOn::kConnectFailure, reason)) {
    flow_.fail(reason, error.detail);
  }
  flow_.run();
}

void Forwarding::onAttemptTimeout() {
  limits_.countTimeout(TimeoutStage::kPerTry);
  state_.dropAttempt(AttemptOutcome::kTimeout, Reason::kPerTryTimeout);
  if (!retryFor(route::RetryOn::kTimeout, Reason::kPerTryTimeout)) {
    flow_.fail(Reason::kPerTryTimeout, "no response to this attempt in time");
  }
  flow_.run();
}

void Forwarding::onAttemptEnded(const upstream::Member& member, const upstream::Outcome& outcome) {
  const bool failed = outcome.result != AttemptOutcome::kOk || outcome.status >= 500;
  if (failed && state_.engine.namesFailedEndpoints()) {
    state_.endpoint = state_.arena.copy(member.endpoint.address.text());
  }
  if (state_.steps != nullptr) [[unlikely]]
    state_.steps->noteAttempt(member, outcome, state_.elapsed());
  if (state_.trace == nullptr || state_.engine.tracer() == nullptr) return;
  state_.trace->secure = state_.tries.cluster()->plan().tls != nullptr;
  state_.engine.tracer()->endAttempt(*state_.trace, member, outcome, state_.elapsed());
}

// Sends a request that the upstream has not processed once more, on a new connection.
bool Forwarding::replayUnseen(const Error& error) {
  const auto reason = attempt_.reasonForUnseen(error, http::isIdempotent(state_.request.method));
  if (!reason || !state_.request_relay.replayable() || !state_.tries.mayReplay()) return false;
  attempt_.end(AttemptOutcome::kError, *reason, 0);
  state_.tries.noteReplay();
  state_.stage = Stage::kPickEndpoint;
  return true;
}

bool Forwarding::retryFor(route::RetryOn failure, Reason reason) {
  const route::RetryPolicy& policy = state_.retryPolicy();
  if (!policy.covers(failure)) return false;
  const bool never_sent =
      failure == route::RetryOn::kConnectFailure || failure == route::RetryOn::kRefusedStream;
  const bool repeatable =
      never_sent || policy.non_idempotent || http::isIdempotent(state_.request.method);
  if (!mayRetry({.repeatable = repeatable})) return false;
  beginBackoff(reason);
  return true;
}

// After a listed status of HTTP, in the head, or of gRPC, in the head or in the trailers of a
// response without a message. A gRPC status is listed because the calls may be repeated: all of
// them are POST.
bool Forwarding::retryResponse() {
  const http::Response& response = state_.response;
  const route::RetryPolicy& policy = state_.retryPolicy();
  const auto code =
      policy.statuses.anyGrpc() && isGrpc(state_.request) ? sentGrpcCode(response) : std::nullopt;
  const bool by_grpc = code && policy.statuses.hasGrpc(*code);
  if (!by_grpc && !policy.covers(response.status)) return false;
  upstream::Tries::Retry retry = pushback(response, policy.max_retry_after);
  retry.repeatable = by_grpc || policy.non_idempotent || http::isIdempotent(state_.request.method);
  if (!mayRetry(retry)) return false;
  if (code) attempt_.noteGrpcStatus(*code);
  state_.dropAttempt(AttemptOutcome::kError, Reason::kNone);
  beginBackoff(Reason::kUpstreamStatus, retry.pause);
  return true;
}

bool Forwarding::mayRetry(upstream::Tries::Retry retry) {
  retry.most = state_.retryPolicy().attempts;
  retry.replayable = state_.request_relay.replayable();
  retry.left = limits_.timeLeft();
  return state_.tries.mayRetry(retry);
}

void Forwarding::beginBackoff(Reason reason, Milliseconds at_least) {
  const route::RetryPolicy& policy = state_.retryPolicy();
  attempt_.pause(at_least + state_.tries.pause({policy.backoff_base, policy.backoff_max}));
  state_.tries.noteRetry(reason);
  state_.stage = Stage::kPickEndpoint;
}

// Whether the response of a gRPC call may still turn out to be a retriable status without a
// message. A client that is still sending may wait for the head.
bool Forwarding::awaitsMessage() const {
  const http::Response& response = state_.response;
  const route::RetryPolicy& policy = state_.retryPolicy();
  return policy.statuses.anyGrpc() && isGrpc(state_.request) && state_.request_ended &&
         response.body != http::BodyKind::kNone && response.status == 200 &&
         state_.tries.retries() < policy.attempts && state_.request_relay.replayable();
}

// If the upstream kept the caller's deadline, and it passed, that is not a failure of the endpoint.
void Forwarding::end() {
  AttemptOutcome result = AttemptOutcome::kOk;
  const bool typed = state_.request.headers.mayHave(http::HeaderId::kContentType);
  if (typed && attempt_.member() != nullptr && isGrpc(state_.request)) {
    const auto code = sentGrpcCode(state_.response);
    if (state_.deadline && code == kGrpcDeadlineExceeded) {
      result = AttemptOutcome::kCancel;
    } else if (code) {
      attempt_.noteGrpcStatus(*code);
    }
  }
  attempt_.end(result, state_.failure.reason, state_.response.status);
}

}  // namespace weir::proxy
