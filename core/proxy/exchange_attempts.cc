#include <algorithm>

#include "core/proxy/exchange.h"
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
  if (!retryPolicy().covers(failure) || !mayRetry(failure)) return false;
  beginBackoff(reason);
  return true;
}

// Whether another attempt is allowed after a failure, or after a listed status (no failure).
bool Exchange::mayRetry(std::optional<route::RetryOn> failure) {
  const route::RetryPolicy& policy = retryPolicy();
  const bool never_sent =
      failure == route::RetryOn::kConnectFailure || failure == route::RetryOn::kRefusedStream;
  const bool repeatable =
      never_sent || policy.non_idempotent || http::isIdempotent(request_.method);
  return tries_.mayRetry({policy.attempts, repeatable, request_relay_.replayable()});
}

void Exchange::beginBackoff(Reason reason) {
  const route::RetryPolicy& policy = retryPolicy();
  attempt_.pause(tries_.pause({policy.backoff_base, policy.backoff_max}));
  tries_.noteRetry(reason);
  stage_ = Stage::kPickEndpoint;
}

void Exchange::armTotal(bool response_begun) {
  if (grpc_timeout_) {
    if (!total_.armed()) total_.arm(std::min(*grpc_timeout_, routeTimeout()));
    return;
  }
  if (route_->timeouts.request) {
    // The route's limit covers the complete response, from the end of the request.
    const Milliseconds limit = *route_->timeouts.request;
    if (request_ended_ && limit.count() > 0 && !total_.armed()) total_.arm(limit);
    return;
  }
  if (response_begun) return total_.disarm();
  if (request_ended_ && plan().defaults.response_timeout.count() > 0) {
    total_.arm(plan().defaults.response_timeout);
  }
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
  countTimeout(TimeoutStage::kRequest);
  if (response_begun_) {
    abortWith(Reason::kRequestTimeout);
  } else {
    const bool connecting = attempt_.connecting();
    const Reason reason = connecting ? Reason::kUpstreamConnectTimeout : Reason::kUpstreamTimeout;
    dropAttempt(AttemptOutcome::kTimeout, reason);
    deadline_passed_ = grpc_timeout_ && *grpc_timeout_ <= routeTimeout();
    fail(reason, connecting ? "no connection in time" : "no response in time");
  }
  run();
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
