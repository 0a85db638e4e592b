#include "core/upstream/dialed_stream.h"

#include <utility>

#include "core/upstream/failure_reason.h"

namespace weir::upstream {
namespace {

constexpr Error kDialTimeout = {ErrorCode::kTimeout, Origin::kUpstream, "connect timeout"};
constexpr Error kNothingToDial = {ErrorCode::kNotFound, Origin::kUpstream, "no endpoint"};

}  // namespace

Result<std::unique_ptr<net::Stream>> DialedStream::dial(event::Loop& loop, Cluster& cluster,
                                                        const net::Address* to,
                                                        std::string_view first) {
  std::unique_ptr<DialedStream> made(new DialedStream(loop, cluster));
  const Result<void> opened = made->open(to, first);
  if (!opened.ok()) return opened.error();
  return std::unique_ptr<net::Stream>(std::move(made));
}

DialedStream::DialedStream(event::Loop& loop, Cluster& cluster) : attempt_(loop, tries_, *this) {
  tries_.begin(cluster);
}

Result<void> DialedStream::open(const net::Address* to, std::string_view first) {
  if (to != nullptr) {
    attempt_.beginAt(tries_.cluster()->memberAt(*to));
  } else if (attempt_.begin() != Reason::kNone) {
    return kNothingToDial;
  }
  auto wire = attempt_.dial(first);
  if (!wire.ok()) {
    failure_ = wire.error();
    attempt_.noteDialFailed(*failure_);
    return *failure_;
  }
  wire_ = std::move(wire.value());
  wire_->setEvents(*this);
  return {};
}

DialedStream::~DialedStream() {
  wire_ = nullptr;
  if (failure_) {
    const bool timed_out = failure_->code == ErrorCode::kTimeout;
    const Reason reason =
        connected_ ? Reason::kUpstreamResetAfterHeaders : reasonForConnecting(*failure_);
    attempt_.end(timed_out ? AttemptOutcome::kTimeout : AttemptOutcome::kError, reason, 0);
  } else {
    attempt_.end(connected_ ? AttemptOutcome::kOk : AttemptOutcome::kCancel, Reason::kNone, 0);
  }
}

void DialedStream::onConnected() {
  if (failure_) return;
  connected_ = true;
  attempt_.noteDialed();
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
  error.origin = Origin::kUpstream;
  failure_ = error;
  attempt_.unlimit();
  if (!connected_) attempt_.noteDialFailed(error);
  events_->onBroken(error);
}

void DialedStream::onAttemptTimeout() {
  wire_->abort();
  onBroken(kDialTimeout);
}

}  // namespace weir::upstream
