#include "tests/support/memory_stream.h"

#include <algorithm>

#include "core/base/check.h"

namespace weir::test {

void MemoryWire::wake() {
  if (receiver_ != nullptr) loop_.atTurnEnd(*receiver_);
}

void MemoryWire::setFragment(std::size_t bytes) {
  fragment_ = bytes;
  wake();
}

void MemoryWire::setStalled(bool stalled) {
  stalled_ = stalled;
  wake();
}

void MemoryWire::resetAfter(std::size_t bytes, ErrorCode code) {
  reset_after_ = bytes;
  reset_code_ = code;
  wake();
}

std::size_t MemoryWire::deliverable() const {
  const std::size_t whole = std::min(waiting(), reset_after_ - delivered_);
  return fragment_ == 0 ? whole : std::min(whole, fragment_);
}

std::string MemoryWire::take(std::size_t bytes) {
  std::string piece = bytes_.substr(taken_, bytes);
  taken_ += bytes;
  delivered_ += bytes;
  if (taken_ == bytes_.size()) {
    bytes_.clear();
    taken_ = 0;
  }
  return piece;
}

MemoryStream::MemoryStream(event::Loop& loop, State state)
    : loop_(loop), incoming_(loop, this), state_(state) {}

MemoryStream::Pair MemoryStream::makePair(event::Loop& loop) {
  Pair pair{std::unique_ptr<MemoryStream>(new MemoryStream(loop, State::kOpen)),
            std::unique_ptr<MemoryStream>(new MemoryStream(loop, State::kOpen))};
  pair.first->peer_ = pair.second.get();
  pair.second->peer_ = pair.first.get();
  return pair;
}

MemoryStream::~MemoryStream() {
  loop_.cancelTurnEnd(*this);
  if (peer_ == nullptr) return;
  peer_->peer_ = nullptr;
  peer_->incoming_.ended_ = true;
  loop_.atTurnEnd(*peer_);
}

void MemoryStream::setEvents(net::StreamEvents& events) {
  events_ = &events;
  loop_.atTurnEnd(*this);
}

void MemoryStream::write(Bytes first, Bytes second) {
  if (write_ended_ || state_ == State::kBroken) return;
  if (peer_ == nullptr) return fail(ErrorCode::kReset);
  peer_->incoming_.bytes_.append(asText(first)).append(asText(second));
  if (queued() > kLowWater) backed_up_ = true;
  loop_.atTurnEnd(*peer_);
}

std::size_t MemoryStream::queued() const {
  return peer_ == nullptr ? 0 : peer_->incoming_.waiting();
}

bool MemoryStream::flush() {
  return queued() == 0 || (peer_->reading_ && !peer_->incoming_.stalled_);
}

void MemoryStream::setReading(bool reading) {
  reading_ = reading;
  loop_.atTurnEnd(*this);
}

void MemoryStream::shutdownWrite() {
  if (write_ended_ || state_ == State::kBroken) return;
  write_ended_ = true;
  if (peer_ == nullptr) return;
  peer_->incoming_.ended_ = true;
  loop_.atTurnEnd(*peer_);
}

void MemoryStream::abort() {
  state_ = State::kBroken;
  if (peer_ != nullptr) peer_->fail(ErrorCode::kReset);
}

void MemoryStream::reset() {
  state_ = State::kBroken;
  if (peer_ == nullptr) return;
  peer_->incoming_.take(peer_->incoming_.waiting());
  peer_->fail(ErrorCode::kReset);
}

MemoryWire& MemoryStream::sent() {
  WEIR_CHECK(peer_ != nullptr);
  return peer_->incoming_;
}

void MemoryStream::fail(ErrorCode code) {
  if (state_ == State::kBroken || failure_.has_value()) return;
  failure_ = code;
  loop_.atTurnEnd(*this);
}

void MemoryStream::finishConnecting() {
  state_ = State::kConnected;
  loop_.atTurnEnd(*this);
}

// Bytes that arrived before the failure are delivered before it, if the receiver reads.
bool MemoryStream::failureDue() const {
  return failure_.has_value() && (!reading_ || incoming_.stalled_ || incoming_.waiting() == 0);
}

// One event per call, as the last statement, because it may destroy this stream.
void MemoryStream::onTurnEnd() {
  if (events_ == nullptr || state_ == State::kBroken) return;
  if (failureDue()) {
    state_ = State::kBroken;
    return events_->onBroken({*failure_, Origin::kLocal, "connection in memory"});
  }
  if (state_ == State::kConnecting) return;
  loop_.atTurnEnd(*this);  // until no event is left
  if (state_ == State::kConnected) {
    state_ = State::kOpen;
    if (peer_ != nullptr) loop_.atTurnEnd(*peer_);
    return events_->onConnected();
  }
  if (drained_) {
    drained_ = false;
    return events_->onDrained();
  }
  deliver();
}

void MemoryStream::deliver() {
  if (incoming_.resetDue()) return resetBoth();
  const bool peer_connects = peer_ != nullptr && peer_->state_ != State::kOpen;
  const bool blocked = !reading_ || incoming_.stalled_ || (peer_connects && !failure_.has_value());
  const std::size_t now = blocked ? 0 : incoming_.deliverable();
  if (now > 0) {
    const std::string piece = incoming_.take(now);
    if (peer_ != nullptr) peer_->afterTaken();
    return events_->onData(asBytes(piece));
  }
  loop_.cancelTurnEnd(*this);
  if (blocked || !incoming_.ended_ || end_told_) return;
  end_told_ = true;
  reading_ = false;
  events_->onEnd();
}

void MemoryStream::resetBoth() {
  incoming_.take(incoming_.waiting());
  if (peer_ != nullptr) {
    peer_->incoming_.take(peer_->incoming_.waiting());
    peer_->fail(incoming_.reset_code_);
  }
  fail(incoming_.reset_code_);
}

void MemoryStream::afterTaken() {
  if (!backed_up_ || queued() > kLowWater) return;
  backed_up_ = false;
  drained_ = true;
  loop_.atTurnEnd(*this);
}

}  // namespace weir::test
