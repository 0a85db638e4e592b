#include "observability/admin/connection.h"

#include <utility>

namespace weir::admin {
namespace {

// How long a client that still sends gets to read our last words.
constexpr Milliseconds kLingerTime{2'000};

constexpr Error kHeadTimeout = {ErrorCode::kTimeout, Origin::kDownstream,
                                "head not complete in time"};
constexpr Error kStopped = {ErrorCode::kReset, Origin::kLocal, "stopped"};

}  // namespace

Connection::Connection(Shared& shared, ConnectionEvents& events,
                       std::unique_ptr<net::Stream> stream)
    : shared_(shared),
      events_(events),
      stream_(std::move(stream)),
      codec_(*this, *this, shared.loop.chunks(), shared.limits),
      deadline_(shared.loop.wheel(), *this),
      idle_since_(shared.loop.now()) {
  stream_->setEvents(*this);
}

Connection::~Connection() = default;

void Connection::start() {
  deadline_.arm(shared_.settings.header_timeout);  // the first request must come in time as well
  stream_->setReading(true);
}

std::optional<Milliseconds> Connection::idleSince() const {
  if (exchange_ || state_ != State::kOpen) return std::nullopt;
  return idle_since_;
}

void Connection::onData(Bytes bytes) {
  if (state_ == State::kOpen) codec_.feed(bytes);
}

void Connection::onEnd() {
  if (state_ == State::kOpen) return codec_.onEnd();
  remove();
}

void Connection::onDrained() {
  if (state_ == State::kOpen) codec_.onDrained();
}

void Connection::onBroken(Error error) {
  if (state_ == State::kOpen) codec_.onBroken(error);
  remove();
}

void Connection::onDeadline() {
  if (state_ != State::kOpen) return remove();
  if (!exchange_) return close(false);
  if (codec_.phase() == http::ServerCodec::Phase::kHead) return codec_.failHead(kHeadTimeout);
  exchange_->onDeadline();
}

void Connection::write(Bytes first, Bytes second) {
  if (state_ == State::kOpen) stream_->write(first, second);
}

void Connection::setReading(bool reading) {
  if (state_ == State::kOpen) stream_->setReading(reading);
}

void Connection::close(bool unread) {
  if (state_ != State::kOpen) return;
  if (!unread && stream_->flush()) return remove();
  state_ = State::kLingering;
  stream_->shutdownWrite();
  stream_->setReading(true);
  deadline_.arm(kLingerTime);
}

void Connection::remove() {
  if (std::exchange(state_, State::kClosed) == State::kClosed) return;
  deadline_.disarm();
  events_.onClosed(*this);
}

void Connection::breakNow() {
  if (state_ == State::kOpen) codec_.onBroken(kStopped);
  remove();
}

http::RequestEvents& Connection::openExchange(http::Responder& responder) {
  return exchange_.emplace(shared_, responder, deadline_);
}

void Connection::closeExchange(http::RequestEvents&) {
  exchange_.reset();
  idle_since_ = shared_.loop.now();
  deadline_.arm(shared_.settings.idle_timeout);
}

}  // namespace weir::admin
