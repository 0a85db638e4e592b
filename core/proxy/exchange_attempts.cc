#include <algorithm>

#include "core/proxy/deadline.h"
#include "core/proxy/exchange.h"
#include "core/proxy/grpc.h"
#include "core/proxy/pushback.h"
#include "core/upstream/failure_reason.h"

// Attempts to get a response from an upstream, and their time limits.
namespace weir::proxy {

const route::RetryPolicy& Exchange::retryPolicy() const {
  return route_->retry != nullptr ? *route_->retry : plan().defaults.retry;
}

// Releases the resources of the attempt.
void Exchange::dropAttempt(AttemptOutcome outcome, Reason reason) {
  request_relay_.detach();
  attempt_.drop(outcome, reason, attempt_.headArrived() ? response_.status : 0);
}

void Exchange::onAcquireFailed(Error error) {
  const Reason reason = upstream::reasonForConnecting(error);
  const bool timed_out = error.code == ErrorCode::kTimeout;
  if (timed_out && error.origin == Origin::kUpstream) countTimeout(TimeoutStage::kConnect);
  attempt_.end(timed_out ? AttemptOutcome::kTimeout : AttemptOutcome::kError, reason, 0);
  const bool connecting = error.origin == Origin::kUpstream;
  if (!connecting || !retryFor(route::RetryOn::kConnectFailure, reason)) fail(reason, error.detail);
  run();
}

void Exchange::onResponseFailed(Error error) {
  request_relay_.detach();
  if (response_begun_) {
    attempt_.end(AttemptOutcome::kError, Reason::kUpstreamResetAfterHeaders, response_.status);
    abortWith(Reason::kUpstreamResetAfterHeaders);
    return run();
  }
  if (replayUnseen(error)) return run();
  const Reason reason = attempt_.reasonForResponse(error);
  attempt_.end(AttemptOutcome::kError, reason, 0);
  const bool reset = reason != Reason::kUpstreamProtocolError;
  const auto failure =
      error.code == ErrorCode::kRefused ? route::RetryOn::kRefusedStream : route::RetryOn::kReset;
  if (!reset || !retryFor(failure, reason)) fail(reason, error.detail);
  run();
}

// Sends a request that the upstream has not processed once more, on a new connection.
bool Exchange::replayUnseen(const Error& error) {
  const auto reason = attempt_.reasonForUnseen(error, http::isIdempotent(request_.method));
  if (!reason || !request_relay_.replayable() || !tries_.mayReplay()) return false;
  attempt_.end(AttemptOutcome::kError, *reason, 0);
  tries_.noteReplay();
  stage_ = Stage::kPickEndpoint;
  return true;
}

bool Exchange::retryFor(route::RetryOn failure, Reason reason) {
  const route::RetryPolicy& policy = retryPolicy();
  if (!policy.covers(failure)) return false;
  const bool never_sent =
      failure == route::RetryOn::kConnectFailure || failure == route::RetryOn::kRefusedStream;
  const bool repeatable =
      never_sent || policy.non_idempotent || http::isIdempotent(request_.method);
  if (!mayRetry({.repeatable = repeatable})) return false;
  beginBackoff(reason);
  return true;
}

// After a listed status of HTTP, in the head, or of gRPC, in the head or in the trailers of a
// response without a message. A gRPC status is listed because the calls may be repeated: all of
// them are POST.
bool Exchange::retryResponse() {
  const route::RetryPolicy& policy = retryPolicy();
  const auto code =
      policy.statuses.anyGrpc() && isGrpc(request_) ? sentGrpcCode(response_) : std::nullopt;
  const bool by_grpc = code && policy.statuses.hasGrpc(*code);
  if (!by_grpc && !policy.covers(response_.status)) return false;
  upstream::Tries::Retry retry = pushback(response_, policy.max_retry_after);
  retry.repeatable = by_grpc || policy.non_idempotent || http::isIdempotent(request_.method);
  if (!mayRetry(retry)) return false;
  if (code) attempt_.noteGrpcStatus(*code);
  dropAttempt(AttemptOutcome::kError, Reason::kNone);
  beginBackoff(Reason::kUpstreamStatus, retry.pause);
  return true;
}

bool Exchange::mayRetry(upstream::Tries::Retry retry) {
  retry.most = retryPolicy().attempts;
  retry.replayable = request_relay_.replayable();
  retry.left = timeLeft();
  return tries_.mayRetry(retry);
}

void Exchange::beginBackoff(Reason reason, Milliseconds at_least) {
  const route::RetryPolicy& policy = retryPolicy();
  attempt_.pause(at_least + tries_.pause({policy.backoff_base, policy.backoff_max}));
  tries_.noteRetry(reason);
  stage_ = Stage::kPickEndpoint;
}

// Whether the response of a gRPC call may still turn out to be a retriable status without a
// message. A client that is still sending may wait for the head.
bool Exchange::awaitsMessage() const {
  const route::RetryPolicy& policy = retryPolicy();
  return policy.statuses.anyGrpc() && isGrpc(request_) && request_ended_ &&
         response_.body != http::BodyKind::kNone && response_.status == 200 &&
         tries_.retries() < policy.attempts && request_relay_.replayable();
}

// The response has ended before a message.
void Exchange::endPeek() {
  peeking_ = false;
  if (retryResponse()) {
    upstream_ended_ = false;
    return;
  }
  request_relay_.discard();
  if (filters_) response_relay_.endSource();
  run();
}

// Counts the result of a complete response. If the upstream kept the caller's deadline, and it
// passed, that is not a failure of the endpoint.
void Exchange::endResponse() {
  AttemptOutcome result = AttemptOutcome::kOk;
  const bool typed = request_.headers.mayHave(http::HeaderId::kContentType);
  if (typed && attempt_.member() != nullptr && isGrpc(request_)) {
    const auto code = sentGrpcCode(response_);
    if (deadline_ && code == kGrpcDeadlineExceeded) {
      result = AttemptOutcome::kCancel;
    } else if (code) {
      attempt_.noteGrpcStatus(*code);
    }
  }
  attempt_.end(result, failure_.reason, response_.status);
}

// A caller whose deadlines count, beyond that of gRPC: a trusted proxy, a node that has proved its
// identity, or the application beside a sidecar.
bool Exchange::trustsPeer() const {
  return downstream_.trusted_peer || listener_plan_->forwarded == ForwardedMode::kPreserve ||
         (caller_.peer() != nullptr && !caller_.peer()->identity.empty());
}

void Exchange::noteDeadline(std::optional<Milliseconds> time) {
  if (time) deadline_ = shorterOf(deadline_, engine_.loop().now() + *time);
}

bool Exchange::pastDeadline() const { return deadline_ && *deadline_ <= engine_.loop().now(); }

// Before an upstream is asked: the caller does not wait for the response any more.
bool Exchange::failPastDeadline() {
  countTimeout(TimeoutStage::kDeadline);
  replyLocally({.status = 504,
                .reason = Reason::kRequestTimeout,
                .detail = "the caller's deadline has passed",
                .grpc_status = kGrpcDeadlineExceeded},
               0);
  return true;
}

void Exchange::tellDeadline() {
  Milliseconds left = timeLeft().value_or(*deadline_ - engine_.loop().now());
  const auto per_try = route_->timeouts.per_try.value_or(plan().defaults.per_try_timeout);
  if (per_try.count() > 0) left = std::min(left, per_try);
  writeDeadline(request_, left);
}

std::optional<Milliseconds> Exchange::timeLeft() const {
  return total_.armed() ? std::optional(total_at_ - engine_.loop().now()) : std::nullopt;
}

void Exchange::endAfter(Milliseconds time) {
  total_at_ = engine_.loop().now() + time;
  total_.arm(time);
}

void Exchange::armTotal(bool response_begun) {
  if (deadline_) return armDeadline(response_begun);
  if (route_->timeouts.request) {
    // The route's limit covers the complete response, from the end of the request.
    const Milliseconds limit = *route_->timeouts.request;
    if (request_ended_ && limit.count() > 0 && !total_.armed()) endAfter(limit);
    return;
  }
  if (response_begun) return total_.disarm();
  if (request_ended_ && plan().defaults.response_timeout.count() > 0) {
    endAfter(plan().defaults.response_timeout);
  }
}

// The caller's deadline, unless the route's limit, which then begins with the request, or the
// role's is shorter. The latter does not apply to gRPC, whose responses may be streams.
void Exchange::armDeadline(bool response_begun) {
  const Milliseconds left = std::max(*deadline_ - engine_.loop().now(), Milliseconds(0));
  if (route_->timeouts.request) {
    if (!total_.armed()) endAfter(std::min(left, routeTimeout()));
    return;
  }
  const Milliseconds most = plan().defaults.response_timeout;
  const bool waits = request_ended_ && !response_begun && most.count() > 0 && !isGrpc(request_);
  endAfter(waits ? std::min(left, most) : left);
}

// A try begins when the request is complete: it does not include the time that the client takes.
void Exchange::armTry() {
  const auto limit = route_->timeouts.per_try.value_or(plan().defaults.per_try_timeout);
  if (limit.count() > 0) attempt_.limit(limit);
}

Milliseconds Exchange::routeTimeout() const {
  const auto limit = route_->timeouts.request;
  return limit && limit->count() > 0 ? *limit : Milliseconds::max();
}

void Exchange::countTimeout(TimeoutStage stage) {
  engine_.metrics().counter(timeoutsKey(routeId(), stage)).add();
}

void Exchange::onTotal() {
  if (pastDeadline()) return onDeadline();
  countTimeout(TimeoutStage::kRequest);
  if (response_begun_) {
    abortWith(Reason::kRequestTimeout);
  } else {
    const bool connecting = attempt_.connecting();
    const Reason reason = connecting ? Reason::kUpstreamConnectTimeout : Reason::kUpstreamTimeout;
    dropAttempt(AttemptOutcome::kTimeout, reason);
    fail(reason, connecting ? "no connection in time" : "no response in time");
  }
  run();
}

// The caller does not wait any longer. That says nothing about the endpoint.
void Exchange::onDeadline() {
  if (response_begun_) {
    countTimeout(TimeoutStage::kDeadline);
    abortWith(Reason::kRequestTimeout);
  } else {
    dropAttempt(AttemptOutcome::kTimeout, Reason::kRequestTimeout);
    failPastDeadline();
  }
  run();
}

void Exchange::onAttemptEnded(const upstream::Member& member, const upstream::Outcome& outcome) {
  if (trace_ == nullptr || engine_.tracer() == nullptr) return;
  trace_->secure = tries_.cluster()->plan().tls != nullptr;
  engine_.tracer()->endAttempt(*trace_, member, outcome, elapsed());
}

void Exchange::onAttemptTimeout() {
  countTimeout(TimeoutStage::kPerTry);
  dropAttempt(AttemptOutcome::kTimeout, Reason::kPerTryTimeout);
  if (!retryFor(route::RetryOn::kTimeout, Reason::kPerTryTimeout)) {
    fail(Reason::kPerTryTimeout, "no response to this attempt in time");
  }
  run();
}

void Exchange::onIdle() {
  countTimeout(TimeoutStage::kIdle);
  if (response_begun_) {
    abortWith(Reason::kStreamIdle);
  } else if (request_ended_) {
    replyLocally(504, Reason::kStreamIdle, "the upstream was idle for too long");
  } else {
    fail(Reason::kStreamIdle, "the client was idle for too long");
  }
  run();
}

}  // namespace weir::proxy
