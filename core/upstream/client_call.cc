#include "core/upstream/client_call.h"

#include <string>
#include <utility>

#include "core/base/log.h"
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

const Error& errorOfNoEndpoint(Reason reason) {
  if (reason == Reason::kUpstreamDnsError) return kNoAddresses;
  return reason == Reason::kNoHealthyUpstream ? kNoEndpoint : kRefusedByGuard;
}

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
      attempt_(tools.loop, tries_, *this),
      total_(tools.loop.wheel(), *this) {
  tools_.calls.pushBack(*this);
}

ClientCall::~ClientCall() { tools_.loop.cancelTurnEnd(*this); }

void ClientCall::begin(Cluster& cluster, const http::CallRequest& request) {
  const Result<void> copied = copyCallRequest(request, cluster.plan(), request_);
  if (!copied.ok()) return beginFailed(Reason::kBadRequest, copied.error());
  tries_.begin(cluster);
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
  http::Requester* const requester = attempt_.requester();
  if (stage_ == Stage::kResponding && requester != nullptr) requester->setReading(reading);
}

void ClientCall::attempt() {
  if (options_.awaits_discovery && !tries_.cluster()->knowsEndpoints()) {
    return attempt_.pause(kDiscoveryTick);
  }
  const Reason failure = attempt_.begin();
  if (failure != Reason::kNone) return fail(failure, errorOfNoEndpoint(failure));
  if (options_.attempt_timeout.count() > 0) attempt_.limit(options_.attempt_timeout);
  Demand demand;
  demand.fresh = tries_.fresh();
  demand.once = !http::isIdempotent(request_.method) || request_.body != http::BodyKind::kNone;
  attempt_.acquire(demand);  // may call back immediately
}

void ClientCall::onAcquired(const PooledConnection& connection) {
  http::Requester& requester = attempt_.open(connection, *this);
  requester.sendHead(request_);
  if (request_.body != http::BodyKind::kNone) body_.attach(requester);
  onRequestDrained();
}

void ClientCall::onAcquireFailed(Error error) {
  const Reason reason = reasonForConnecting(error);
  const bool connecting = error.origin == Origin::kUpstream;
  const bool timed_out = error.code == ErrorCode::kTimeout;
  attempt_.end(timed_out ? AttemptOutcome::kTimeout : AttemptOutcome::kError, reason, 0);
  if (!connecting || !retry(true, reason)) fail(reason, error);
}

void ClientCall::onRequestDrained() {
  if (body_.takeDrained()) events_.onDrained();
}

void ClientCall::onResponseHead() {
  stage_ = Stage::kResponding;
  attempt_.noteHead();
  attempt_.unlimit();
  body_.stopKeeping();
  if (!reading_) attempt_.requester()->setReading(false);
  events_.onHead(response_);
}

void ClientCall::onResponseBody(Bytes bytes) {
  if (stage_ == Stage::kResponding) events_.onBody(bytes);
}

void ClientCall::onResponseEnd() {
  attempt_.noteResponseEnd();
  attempt_.end(AttemptOutcome::kOk, Reason::kNone, response_.status);
  release(response_.status < 500 ? RetryOutcome::kSuccess : RetryOutcome::kFailure);
  events_.onEnd(response_.trailers);
}

void ClientCall::onResponseFailed(Error error) {
  attempt_.noteResponseEnd();
  body_.detach();
  if (stage_ == Stage::kResponding) {
    constexpr Reason kCutShort = Reason::kUpstreamResetAfterHeaders;
    attempt_.end(AttemptOutcome::kError, kCutShort, response_.status);
    return fail(kCutShort, error);
  }
  if (replayUnseen(error)) return attempt();
  const Reason reason = attempt_.reasonForResponse(error);
  attempt_.end(AttemptOutcome::kError, reason, 0);
  const bool reset =
      reason != Reason::kUpstreamProtocolError && reason != Reason::kUpstreamTlsError;
  if (!reset || !retry(error.code == ErrorCode::kRefused, reason)) fail(reason, error);
}

bool ClientCall::repeatable() const {
  return options_.retry_non_idempotent || http::isIdempotent(request_.method);
}

// An attempt that the upstream has not processed is repeated and does not count.
bool ClientCall::replayUnseen(const Error& error) {
  const std::optional<Reason> unseen = attempt_.reasonForUnseen(error, repeatable());
  if (!unseen || !body_.replayable() || !tries_.mayReplay()) return false;
  attempt_.end(AttemptOutcome::kError, *unseen, 0);
  tries_.noteReplay();
  return true;
}

bool ClientCall::retry(bool never_sent, Reason reason) {
  if (options_.attempts <= 1) return false;
  Tries::Retry retry;
  retry.most = options_.attempts - 1;
  retry.repeatable = never_sent || repeatable();
  retry.replayable = body_.replayable();
  if (!tries_.mayRetry(retry)) return false;
  attempt_.pause(tries_.pause({}));
  tries_.noteRetry(reason);
  return true;
}

void ClientCall::drop(AttemptOutcome result, Reason reason) {
  body_.detach();
  attempt_.drop(result, reason, attempt_.headArrived() ? response_.status : 0);
}

void ClientCall::onAttemptTimeout() {
  drop(AttemptOutcome::kTimeout, Reason::kPerTryTimeout);
  if (!retry(false, Reason::kPerTryTimeout)) fail(Reason::kPerTryTimeout, kAttemptTimeout);
}

void ClientCall::onTotal() {
  const bool connecting = attempt_.connecting();
  const Reason reason = connecting ? Reason::kUpstreamConnectTimeout : Reason::kUpstreamTimeout;
  drop(AttemptOutcome::kTimeout, reason);
  fail(reason, connecting ? kConnectTooLate : kCallTimeout);
}

void ClientCall::fail(Reason reason, const Error& error) {
  if (log::writes(log::Level::kDebug)) {
    log::debug("call " + std::string(options_.purpose) + ": " + std::string(toString(reason)) +
               ": " + std::string(error.detail));
  }
  release(RetryOutcome::kFailure);
  events_.onFailed(reason, error);
}

void ClientCall::cancel() {
  if (stage_ == Stage::kEnded) return;
  drop(AttemptOutcome::kCancel, Reason::kNone);
  release(RetryOutcome::kFailure);
}

// The end: the connection is free, and the cluster may leave. Only memory remains.
void ClientCall::release(RetryOutcome outcome) {
  stage_ = Stage::kEnded;
  tries_.countRetries(kNoRoute, outcome);
  total_.disarm();
  body_.discard();
  tries_.end();
  tools_.calls.remove(*this);
}

}  // namespace weir::upstream
