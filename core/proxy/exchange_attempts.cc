#include <algorithm>

#include "core/proxy/dial_reason.h"
#include "core/proxy/exchange.h"
#include "core/proxy/upstream_log.h"
#include "core/upstream/backoff.h"

// Attempts to get a response from an upstream, and their time limits.
namespace weir::proxy {
namespace {

constexpr std::uint8_t kMostReplays = 3;

Reason reasonForResponse(const Error& error, bool reused) {
  switch (error.code) {
    case ErrorCode::kTls:
      return Reason::kUpstreamTlsError;
    case ErrorCode::kProtocol:
    case ErrorCode::kTooLarge:
    case ErrorCode::kNotImplemented:
    case ErrorCode::kVersion:
      return Reason::kUpstreamProtocolError;
    case ErrorCode::kClosed:
      return reused ? Reason::kUpstreamKeepaliveRace : Reason::kUpstreamResetBeforeHeaders;
    default:
      return Reason::kUpstreamResetBeforeHeaders;
  }
}

}  // namespace

const route::RetryPolicy& Exchange::retryPolicy() const {
  return route_->retry != nullptr ? *route_->retry : plan().defaults.retry;
}

void Exchange::beginAttempt() {
  ++attempts_;
  attempt_started_ = engine_.loop().eventTime();
  head_arrived_ = false;
  if (engine_.accessLog() != nullptr) endpoint_ = arena_.copy(member_->endpoint.address.text());
}

void Exchange::endAttempt(AttemptOutcome outcome, int status, Reason reason) {
  if (member_ == nullptr) return;
  MetricCells& cells = engine_.metrics();
  const NameId upstream = cluster_->plan().id;
  const Nanoseconds duration = engine_.loop().eventTime() - attempt_started_;
  cells.counter(upstream::upstreamRequestsKey(upstream, status, reason)).add();
  cells.histogram(upstream::upstreamAttemptDurationKey(upstream, outcome)).observe(duration);
  if (outcome != AttemptOutcome::kOk) {
    if (tried_count_ < kMaxTried) tried_[tried_count_++] = member_;
    if (outcome != AttemptOutcome::kCancel) logFailure(reason);
  }
  upstream::Outcome result{outcome, reason, status, duration};
  if (head_arrived_) result.first_byte = started_ + times_.upstream_first_byte - attempt_started_;
  cluster_->done(*std::exchange(member_, nullptr), result);
}

void Exchange::logFailure(Reason reason) const {
  logUpstreamFailure(cluster_->plan(), member_ == nullptr ? nullptr : &member_->endpoint.address,
                     reason, engine_.loop().eventTime());
}

// Releases the resources of the attempt.
void Exchange::dropAttempt(AttemptOutcome outcome, Reason reason) {
  try_.disarm();
  request_relay_.detach();
  if (std::exchange(lending_, false)) cluster_->cancel(*this);
  const bool late = outcome == AttemptOutcome::kTimeout || reason == Reason::kRequestTimeout ||
                    reason == Reason::kStreamIdle;
  if (auto* requester = std::exchange(requester_, nullptr)) {
    late ? requester->timeOut() : requester->cancel();
  }
  endAttempt(outcome, head_arrived_ || outcome == AttemptOutcome::kError ? response_.status : 0,
             reason);
}

void Exchange::onAcquireFailed(Error error) {
  lending_ = false;
  const Reason reason = reasonForDialing(error);
  const bool timed_out = error.code == ErrorCode::kTimeout;
  if (timed_out && error.origin == Origin::kUpstream) countTimeout(TimeoutStage::kConnect);
  endAttempt(timed_out ? AttemptOutcome::kTimeout : AttemptOutcome::kError, 0, reason);
  const bool connecting = error.origin == Origin::kUpstream;
  if (!connecting || !retryFor(route::RetryOn::kConnectFailure, reason)) fail(reason, error.detail);
  run();
}

void Exchange::onResponseFailed(Error error) {
  requester_ = nullptr;
  request_relay_.detach();
  try_.disarm();
  if (response_begun_) {
    endAttempt(AttemptOutcome::kError, response_.status, Reason::kUpstreamResetAfterHeaders);
    abortWith(Reason::kUpstreamResetAfterHeaders);
    return run();
  }
  if (replayUnseen(error)) return run();
  const Reason reason = reasonForResponse(error, reused_);
  endAttempt(AttemptOutcome::kError, 0, reason);
  const bool reset = reason != Reason::kUpstreamProtocolError;
  const auto failure =
      error.code == ErrorCode::kRefused ? route::RetryOn::kRefusedStream : route::RetryOn::kReset;
  if (!reset || !retryFor(failure, reason)) fail(reason, error.detail);
  run();
}

// Handles an attempt that the upstream did not process: it refused the stream (RFC 9113, 8.7), or
// it closed a reused keep-alive connection before any byte of a response. The request is then sent
// once more on a new connection; after a close only if it is idempotent.
bool Exchange::replayUnseen(const Error& error) {
  const bool refused = error.code == ErrorCode::kRefused;
  const bool raced =
      error.code == ErrorCode::kClosed && reused_ && http::isIdempotent(request_.method);
  if (!refused && !raced) return false;
  if (!request_relay_.replayable() || replays_ == kMostReplays) return false;
  ++replays_;
  endAttempt(AttemptOutcome::kError, 0,
             raced ? Reason::kUpstreamKeepaliveRace : Reason::kUpstreamResetBeforeHeaders);
  tried_count_ = 0;  // the endpoint is not at fault
  fresh_ = true;
  stage_ = Stage::kPickEndpoint;
  return true;
}

bool Exchange::retryFor(route::RetryOn failure, Reason reason) {
  if (!retryPolicy().covers(failure) || !mayRetry(failure)) return false;
  beginBackoff(reason);
  return true;
}

bool Exchange::refuseRetry(RetryRefusal refusal) {
  engine_.metrics().counter(upstream::retriesSuppressedKey(cluster_->plan().id, refusal)).add();
  return false;
}

// Whether another attempt is allowed after a failure, or after a listed status (no failure).
bool Exchange::mayRetry(std::optional<route::RetryOn> failure) {
  const route::RetryPolicy& policy = retryPolicy();
  if (retries_ >= policy.attempts) return refuseRetry(RetryRefusal::kLimit);
  const bool never_sent =
      failure == route::RetryOn::kConnectFailure || failure == route::RetryOn::kRefusedStream;
  if (!never_sent && !policy.non_idempotent && !http::isIdempotent(request_.method)) {
    return refuseRetry(RetryRefusal::kNotIdempotent);
  }
  if (!request_relay_.replayable()) return refuseRetry(RetryRefusal::kBodyTooLarge);
  if (!cluster_->retryBudget().tryRetry(engine_.loop().now())) {
    return refuseRetry(RetryRefusal::kBudget);
  }
  return true;
}

void Exchange::beginBackoff(Reason reason) {
  const route::RetryPolicy& policy = retryPolicy();
  const Milliseconds pause =
      upstream::backoffPause({policy.backoff_base, policy.backoff_max}, retries_, engine_.random());
  ++retries_;
  retry_reason_ = reason;
  stage_ = Stage::kPickEndpoint;
  backing_off_ = true;
  try_.arm(pause);
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
  if (limit.count() > 0) try_.arm(limit);
}

Milliseconds Exchange::routeTimeout() const {
  const auto limit = route_->timeouts.request;
  return limit && limit->count() > 0 ? *limit : Milliseconds::max();
}

void Exchange::touchIdle() {
  if (route_ == nullptr) return;
  const Milliseconds limit = route_->timeouts.idle.value_or(plan().defaults.idle_timeout);
  if (limit.count() > 0) idle_.arm(limit);
}

void Exchange::countTimeout(TimeoutStage stage) {
  engine_.metrics().counter(timeoutsKey(routeId(), stage)).add();
}

void Exchange::onTotal() {
  countTimeout(TimeoutStage::kRequest);
  if (response_begun_) {
    abortWith(Reason::kRequestTimeout);
  } else {
    const bool connecting = lending_ && upstream::Cluster::isConnecting(*this);
    const Reason reason = connecting ? Reason::kUpstreamConnectTimeout : Reason::kUpstreamTimeout;
    dropAttempt(AttemptOutcome::kTimeout, reason);
    deadline_passed_ = grpc_timeout_ && *grpc_timeout_ <= routeTimeout();
    fail(reason, connecting ? "no connection in time" : "no response in time");
  }
  run();
}

void Exchange::onTry() {
  if (std::exchange(backing_off_, false)) return run();
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
