#include "core/upstream/dialed_stream.h"

#include <utility>

#include "core/upstream/failure_reason.h"

namespace weir::upstream {
namespace {

constexpr Error kDialTimeout = {ErrorCode::kTimeout, Origin::kUpstream, "connect timeout"};

}  // namespace

Result<std::unique_ptr<net::Stream>> DialedStream::dial(event::Loop& loop, Cluster& cluster,
                                                        Member& member) {
  cluster.enter();
  auto wire = cluster.dial(member, {});
  if (!wire.ok()) {
    cluster.leave();
    return wire.error();
  }
  return std::unique_ptr<net::Stream>(
      new DialedStream(loop, cluster, member, std::move(wire.value())));
}

DialedStream::DialedStream(event::Loop& loop, Cluster& cluster, Member& member,
                           std::unique_ptr<net::Stream> wire)
    : cluster_(cluster),
      member_(member),
      wire_(std::move(wire)),
      started_(monotonicNow()),
      timeout_(loop.wheel(), *this) {
  wire_->setEvents(*this);
  timeout_.arm(cluster.plan().options.connect_timeout);
}

DialedStream::~DialedStream() {
  wire_ = nullptr;
  Outcome outcome;
  outcome.duration = monotonicNow() - started_;
  outcome.first_byte = connected_after_;
  if (failure_) {
    outcome.result =
        failure_->code == ErrorCode::kTimeout ? AttemptOutcome::kTimeout : AttemptOutcome::kError;
    outcome.reason =
        connected_after_ ? Reason::kUpstreamResetAfterHeaders : reasonForConnecting(*failure_);
  } else if (!connected_after_) {
    outcome.result = AttemptOutcome::kCancel;
  }
  cluster_.releaseDialed(member_, outcome);
  cluster_.leave();
}

void DialedStream::onConnected() {
  if (failure_) return;
  timeout_.disarm();
  connected_after_ = monotonicNow() - started_;
  cluster_.noteDialed(*connected_after_);
  events_->onConnected();
}

void DialedStream::onData(Bytes bytes) {
  if (!failure_) events_->onData(bytes);
}

void DialedStream::onEnd() {
  if (!failure_) events_->onEnd();
}

void DialedStream::onDrained() {
  if (!failure_) events_->onDrained();
}

void DialedStream::onBroken(Error error) {
  if (failure_) return;
  timeout_.disarm();
  failure_ = error;
  if (!connected_after_) cluster_.noteDialFailed(error);
  events_->onBroken(error);
}

void DialedStream::onTimeout() {
  wire_->abort();
  onBroken(kDialTimeout);
}

}  // namespace weir::upstream
