#include "core/upstream/client_call.h"

#include <string>
#include <utility>

#include "core/base/log.h"
#include "core/upstream/backoff.h"
#include "core/upstream/call_request.h"
#include "core/upstream/failure_reason.h"

namespace weir::upstream {
namespace {

constexpr Error kNoAddresses = {ErrorCode::kNotFound, Origin::kUpstream,
                                "the upstream's addresses have not been resolved yet"};
constexpr Error kNoEndpoint = {ErrorCode::kNotFound, Origin::kUpstream, "no endpoint"};
constexpr Error kRefusedByGuard = {ErrorCode::kExhausted, Origin::kLocal,
                                   "refused by a guard of the upstream"};
constexpr Error kCallTimeout = {ErrorCode::kTimeout, Origin::kLocal, "no response in time"};
constexpr Error kConnectTooLate = {ErrorCode::kTimeout, Origin::kLocal, "no connection in time"};
constexpr Error kAttemptTimeout = {ErrorCode::kTimeout, Origin::kUpstream,
                                   "no response to this attempt in time"};

}  // namespace

ClientCall::ClientCall(const Tools& tools, const http::CallOptions& options,
                       http::CallEvents& events)
    : tools_(tools),
      options_(options),
      events_(events),
      arena_(tools.loop.scratch()),
      request_(arena_),
      response_(arena_),
      trailers_(arena_),
      body_(tools.loop.chunks()),
      total_(tools.loop.wheel(), *this),
      try_(tools.loop.wheel(), *this) {
  tools_.calls.pushBack(*this);
}

ClientCall::~ClientCall() { tools_.loop.cancelTurnEnd(*this); }

void ClientCall::begin(Cluster& cluster, const http::CallRequest& request) {
  const Result<void> copied = copyCallRequest(request, cluster.plan(), request_);
  if (!copied.ok()) return beginFailed(Reason::kBadRequest, copied.error());
  cluster_ = &cluster;
  cluster_->enter();
  cluster_->retryBudget().onRequest(tools_.loop.now());
  const bool whole = request.body_kind == http::CallRequest::Body::kWhole;
  if (whole) {
    body_.keepForReplay(request.body.size());
    body_.push(request.body);
    body_.end(nullptr);
  } else if (options_.attempts > 1) {
    body_.keepForReplay(CallBody::kMostReplayed);
  }
  if (options_.timeout.count() > 0) total_.arm(options_.timeout);
  tools_.loop.atTurnEnd(*this);
}

void ClientCall::beginFailed(Reason reason, const Error& error) {
  failure_ = Failure{reason, error};
  tools_.loop.atTurnEnd(*this);
}

void ClientCall::onTurnEnd() {
  if (stage_ == Stage::kEnded) return;
  if (failure_) return fail(failure_->reason, failure_->error);
  attempt();
}

void ClientCall::finish(const http::Headers* trailers) {
  if (trailers != nullptr) copyHeaders(*trailers, trailers_);
  body_.end(trailers_.empty() ? nullptr : &trailers_);
}

void ClientCall::setReading(bool reading) {
  reading_ = reading;
  // Before that, it would keep the head from arriving.
  if (stage_ == Stage::kResponding && requester_ != nullptr) requester_->setReading(reading);
}

void ClientCall::attempt() {
  if (!cluster_->knowsEndpoints()) {
    if (options_.awaits_discovery) return try_.arm(kDiscoveryTick);
    return fail(Reason::kUpstreamDnsError, kNoAddresses);
  }
  const Reason refused = cluster_->admit();
  if (refused != Reason::kNone) return fail(refused, kRefusedByGuard);
  member_ = cluster_->pick({.tried = {tried_.data(), tried_count_}});
  if (member_ == nullptr) return fail(Reason::kNoHealthyUpstream, kNoEndpoint);
  ++attempts_;
  attempt_started_ = tools_.loop.eventTime();
  first_byte_.reset();
  stage_ = Stage::kConnecting;
  Demand demand;
  demand.fresh = fresh_;
  demand.once = !http::isIdempotent(request_.method) || request_.body != http::BodyKind::kNone;
  if (options_.attempt_timeout.count() > 0) try_.arm(options_.attempt_timeout);
  cluster_->acquire(*member_, *this, demand);  // may call back immediately
}

void ClientCall::onAcquired(const PooledConnection& lease) {
  reused_ = lease.reused;
  stage_ = Stage::kAsking;
  requester_ = &lease.codec.open(*this);
  requester_->sendHead(request_);
  if (request_.body != http::BodyKind::kNone) body_.attach(*requester_);
  onRequestDrained();
}

void ClientCall::onAcquireFailed(Error error) {
  stage_ = Stage::kWaiting;
  const Reason reason = reasonForConnecting(error);
  const bool timed_out = error.code == ErrorCode::kTimeout;
  endAttempt(timed_out ? AttemptOutcome::kTimeout : AttemptOutcome::kError, reason);
  const bool connecting = error.origin == Origin::kUpstream;
  if (!connecting || !retry(true)) fail(reason, error);
}

void ClientCall::onRequestDrained() {
  if (body_.takeDrained()) events_.onDrained();
}

void ClientCall::onResponseHead() {
  stage_ = Stage::kResponding;
  try_.disarm();
  body_.stopKeeping();
  first_byte_ = tools_.loop.eventTime() - attempt_started_;
  if (!reading_) requester_->setReading(false);
  events_.onHead(response_);
}

void ClientCall::onResponseBody(Bytes bytes) {
  if (stage_ == Stage::kResponding) events_.onBody(bytes);
}

void ClientCall::onResponseEnd() {
  requester_ = nullptr;
  endAttempt(AttemptOutcome::kOk, Reason::kNone);
  release();
  events_.onEnd(response_.trailers);
}

void ClientCall::onResponseFailed(Error error) {
  requester_ = nullptr;
  body_.detach();
  if (stage_ == Stage::kResponding) {
    endAttempt(AttemptOutcome::kError, Reason::kUpstreamResetAfterHeaders);
    return fail(Reason::kUpstreamResetAfterHeaders, error);
  }
  stage_ = Stage::kWaiting;
  if (replayUnseen(error)) return attempt();
  const Reason reason = reasonForResponse(error, reused_);
  endAttempt(AttemptOutcome::kError, reason);
  const bool reset =
      reason != Reason::kUpstreamProtocolError && reason != Reason::kUpstreamTlsError;
  if (!reset || !retry(error.code == ErrorCode::kRefused)) fail(reason, error);
}

// An attempt that the upstream did not process, as in Exchange::replayUnseen: it does not count.
bool ClientCall::replayUnseen(const Error& error) {
  const bool repeatable = options_.retry_non_idempotent || http::isIdempotent(request_.method);
  const bool raced = error.code == ErrorCode::kClosed && reused_ && repeatable;
  if (error.code != ErrorCode::kRefused && !raced) return false;
  if (!body_.replayable() || replays_ == kMostReplays) return false;
  ++replays_;
  --attempts_;
  endAttempt(AttemptOutcome::kError,
             raced ? Reason::kUpstreamKeepaliveRace : Reason::kUpstreamResetBeforeHeaders);
  tried_count_ = 0;  // the endpoint is not at fault
  fresh_ = true;
  return true;
}

bool ClientCall::refuseRetry(RetryRefusal refusal) {
  tools_.metrics.counter(retriesSuppressedKey(cluster_->plan().id, refusal)).add();
  return false;
}

bool ClientCall::retry(bool never_sent) {
  if (options_.attempts <= 1) return false;
  if (attempts_ >= options_.attempts) return refuseRetry(RetryRefusal::kLimit);
  if (!never_sent && !options_.retry_non_idempotent && !http::isIdempotent(request_.method)) {
    return refuseRetry(RetryRefusal::kNotIdempotent);
  }
  if (!body_.replayable()) return refuseRetry(RetryRefusal::kBodyTooLarge);
  if (!cluster_->retryBudget().tryRetry(tools_.loop.now())) {
    return refuseRetry(RetryRefusal::kBudget);
  }
  try_.arm(backoffPause({}, retries_++, tools_.random));
  return true;
}

void ClientCall::endAttempt(AttemptOutcome result, Reason reason) {
  if (member_ == nullptr) return;
  const NameId upstream = cluster_->plan().id;
  const Nanoseconds took = tools_.loop.eventTime() - attempt_started_;
  const int status = first_byte_ ? response_.status : 0;
  tools_.metrics.counter(upstreamRequestsKey(upstream, status, reason)).add();
  tools_.metrics.histogram(upstreamAttemptDurationKey(upstream, result)).observe(took);
  if (result != AttemptOutcome::kOk && tried_count_ < kMostTried) tried_[tried_count_++] = member_;
  Member& member = *std::exchange(member_, nullptr);
  cluster_->done(member, {result, reason, status, took, first_byte_});
}

// Releases the resources of the attempt.
void ClientCall::dropAttempt(AttemptOutcome result, Reason reason) {
  try_.disarm();
  body_.detach();
  if (stage_ == Stage::kConnecting) cluster_->cancel(*this);
  if (auto* requester = std::exchange(requester_, nullptr)) {
    result == AttemptOutcome::kTimeout ? requester->timeOut() : requester->cancel();
  }
  endAttempt(result, reason);
}

void ClientCall::onTry() {
  if (stage_ == Stage::kWaiting) return attempt();
  dropAttempt(AttemptOutcome::kTimeout, Reason::kPerTryTimeout);
  stage_ = Stage::kWaiting;
  if (!retry(false)) fail(Reason::kPerTryTimeout, kAttemptTimeout);
}

void ClientCall::onTotal() {
  const bool connecting = stage_ == Stage::kConnecting && Cluster::isConnecting(*this);
  const Reason reason = connecting ? Reason::kUpstreamConnectTimeout : Reason::kUpstreamTimeout;
  dropAttempt(AttemptOutcome::kTimeout, reason);
  fail(reason, connecting ? kConnectTooLate : kCallTimeout);
}

void ClientCall::fail(Reason reason, const Error& error) {
  if (log::writes(log::Level::kDebug)) {
    log::debug("call " + std::string(options_.purpose) + ": " + std::string(toString(reason)) +
               ": " + std::string(error.detail));
  }
  release();
  events_.onFailed(reason, error);
}

void ClientCall::cancel() {
  if (stage_ == Stage::kEnded) return;
  dropAttempt(AttemptOutcome::kCancel, Reason::kNone);
  release();
}

// The end: the connection is free, and the cluster may leave. Only memory remains.
void ClientCall::release() {
  stage_ = Stage::kEnded;
  total_.disarm();
  try_.disarm();
  body_.discard();
  if (Cluster* const cluster = std::exchange(cluster_, nullptr)) cluster->leave();
  tools_.calls.remove(*this);
}

}  // namespace weir::upstream
