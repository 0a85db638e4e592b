#include "core/upstream/attempt.h"

#include <utility>

#include "core/upstream/failure_log.h"
#include "core/upstream/failure_reason.h"

namespace weir::upstream {

void Attempt::pause(Milliseconds time) {
  state_ = State::kPausing;
  alarm_.arm(time);
}

void Attempt::onAlarm() {
  if (state_ != State::kPausing) return owner_.onAttemptTimeout();
  state_ = State::kIdle;
  owner_.onAttemptDue();
}

// kNone, or why the cluster takes no attempt.
inline Reason Attempt::admit() {
  Cluster& cluster = *tries_.cluster();
  const Reason refused = cluster.admit();
  if (refused != Reason::kNone || !cluster.limitsRequests()) return refused;
  counted_ = cluster.takeRequest();
  return counted_ ? Reason::kNone : Reason::kLimitConcurrency;
}

Reason Attempt::begin(std::optional<std::uint64_t> key, Member* sticky) {
  const Reason refused = admit();
  if (refused == Reason::kNone)
    member_ = tries_.cluster()->pick({tries_.tried(), key, sticky, tries_.candidates_});
  if (member_ == nullptr) return beginFailed(refused);
  beginAt(*member_);
  return Reason::kNone;
}

Reason Attempt::beginAt(const net::Address& address) {
  const Reason refused = admit();
  if (refused != Reason::kNone) return beginFailed(refused);
  beginAt(tries_.cluster()->memberAt(address));
  return Reason::kNone;
}

void Attempt::beginAt(Member& member) {
  member_ = &member;
  ++tries_.attempts_;
  started_ = loop_.eventTime();
  first_byte_.reset();
  grpc_status_.reset();
  state_ = State::kBegun;
}

Reason Attempt::beginFailed(Reason refused) {
  if (std::exchange(counted_, false)) tries_.cluster()->releaseRequest();
  const Reason reason = refused == Reason::kNone ? Reason::kNoHealthyUpstream : refused;
  logFailure(tries_.cluster()->plan(), nullptr, reason, loop_.eventTime());
  return reason;
}

void Attempt::onAcquired(const PooledConnection& connection) {
  state_ = State::kHeld;
  reused_ = connection.reused;
  owner_.onAcquired(connection);
}

void Attempt::onAcquireFailed(Error error) {
  state_ = State::kHeld;
  owner_.onAcquireFailed(error);
}

Result<std::unique_ptr<net::Stream>> Attempt::dial(std::string_view first) {
  Cluster& cluster = *tries_.cluster();
  auto stream = cluster.dial(*member_, first);
  if (!stream.ok()) return stream;
  state_ = State::kDialed;
  alarm_.arm(cluster.plan().options.connect_timeout);
  return stream;
}

void Attempt::noteDialed() {
  alarm_.disarm();
  first_byte_ = monotonicNow() - started_;
  tries_.cluster()->noteDialed(*first_byte_);
}

void Attempt::noteDialFailed(const Error& error) {
  if (error.origin == Origin::kUpstream) tries_.cluster()->noteDialFailed(error);
}

void Attempt::end(AttemptOutcome result, Reason reason, int status) {
  if (member_ == nullptr) return;
  const Outcome outcome = outcomeOf(result, reason, status);
  const Verdict verdict = isPlainSuccess(outcome) ? Verdict::kSuccess : verdictOf(outcome);
  Cluster& cluster = *tries_.cluster();
  tries_.verdict_ = verdict;
  cluster.attemptMetrics().count(status, reason);
  // A connection without a codec lasts as long as its users please.
  const bool lent = state_ == State::kWaiting || state_ == State::kHeld;
  if (lent) cluster.attemptMetrics().observe(result, verdict, outcome.duration);
  if (result != AttemptOutcome::kOk) {
    tries_.avoid(*member_);
    if (result != AttemptOutcome::kCancel) {
      logFailure(cluster.plan(), &member_->endpoint.address, reason, loop_.eventTime());
    }
  }
  finish(outcome);
}

Outcome Attempt::outcomeOf(AttemptOutcome result, Reason reason, int status) const {
  return {.result = result,
          .reason = reason,
          .status = status,
          .duration = loop_.eventTime() - started_,
          .first_byte = first_byte_,
          .grpc_status = grpc_status_,
          .failures = &tries_.cluster()->plan().options.failure_statuses};
}

void Attempt::drop(AttemptOutcome result, Reason reason, int status) {
  if (state_ == State::kWaiting) tries_.cluster()->cancel(*this);
  if (auto* const requester = std::exchange(requester_, nullptr)) {
    const bool late = result == AttemptOutcome::kTimeout || reason == Reason::kRequestTimeout ||
                      reason == Reason::kStreamIdle;
    late ? requester->timeOut() : requester->cancel();
  }
  end(result, reason, status);
  alarm_.disarm();  // of a pause
  state_ = State::kIdle;
}

void Attempt::discard() {
  if (member_ == nullptr) return;
  finish(outcomeOf(AttemptOutcome::kCancel, Reason::kNone, 0));
}

void Attempt::finish(const Outcome& outcome) {
  alarm_.disarm();
  requester_ = nullptr;
  if (std::exchange(counted_, false)) tries_.cluster()->releaseRequest();
  Member& member = *std::exchange(member_, nullptr);
  owner_.onAttemptEnded(member, outcome);
  const State state = std::exchange(state_, State::kIdle);
  if (state == State::kDialed) return tries_.cluster()->releaseDialed(member, outcome);
  if (state != State::kBegun) tries_.cluster()->done(member, outcome);
}

Reason Attempt::reasonForResponse(const Error& error) const {
  return upstream::reasonForResponse(error, reused_);
}

std::optional<Reason> Attempt::reasonForUnseen(const Error& error, bool idempotent) const {
  if (error.code == ErrorCode::kRefused) return Reason::kUpstreamResetBeforeHeaders;
  const bool raced = error.code == ErrorCode::kClosed && reused_ && idempotent;
  return raced ? std::optional(Reason::kUpstreamKeepaliveRace) : std::nullopt;
}

}  // namespace weir::upstream
