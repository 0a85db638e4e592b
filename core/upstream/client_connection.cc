#include "core/upstream/client_connection.h"

#include <utility>

namespace weir::upstream {
namespace {

constexpr Milliseconds kFlushTime{5'000};

}  // namespace

ClientConnection::ClientConnection(event::Loop& loop, ClientConnectionEvents& owner,
                                   http::Limits limits)
    : owner_(owner), codec_(*this, *this, limits), deadline_(loop.wheel(), *this) {}

ClientConnection::~ClientConnection() = default;

Result<void> ClientConnection::connect(net::Connector& connector, const net::Address& to,
                                       Milliseconds timeout) {
  connect_started_ = monotonicNow();
  auto stream = connector.connect(to);
  if (!stream.ok()) {
    Error error = stream.error();
    error.origin = Origin::kUpstream;  // whoever told it: the endpoint was not reached
    return error;
  }
  stream_ = std::move(stream.value());
  stream_->setEvents(*this);
  deadline_.arm(timeout);
  return {};
}

void ClientConnection::onConnected() {
  state_ = State::kOpen;
  deadline_.disarm();
  owner_.onConnected(*this);
}

void ClientConnection::onDeadline() {
  if (state_ == State::kConnecting) {
    state_ = State::kClosed;
    owner_.onConnectFailed(*this, {ErrorCode::kTimeout, Origin::kUpstream, "connect timeout"});
  } else if (state_ == State::kOpen) {
    close(false);
  } else {
    finishClosing();
  }
}

void ClientConnection::onData(Bytes bytes) {
  if (state_ == State::kOpen) codec_.feed(bytes);
}

void ClientConnection::onEnd() {
  if (state_ == State::kOpen) return codec_.onEnd();
  if (state_ == State::kFlushing) finishClosing();
}

void ClientConnection::onDrained() {
  if (state_ == State::kOpen) codec_.onDrained();
}

void ClientConnection::onBroken(Error error) {
  if (state_ == State::kConnecting) {
    state_ = State::kClosed;
    error.origin = Origin::kUpstream;
    owner_.onConnectFailed(*this, error);
  } else if (state_ == State::kOpen) {
    codec_.onBroken(error);
  } else {
    finishClosing();
  }
}

void ClientConnection::write(Bytes first, Bytes second) {
  if (state_ == State::kOpen) stream_->write(first, second);
}

void ClientConnection::setReading(bool reading) {
  if (state_ == State::kOpen) stream_->setReading(reading);
}

void ClientConnection::shutdownWrite() {
  if (state_ == State::kOpen) stream_->shutdownWrite();
}

void ClientConnection::close(bool unread) {
  if (state_ != State::kOpen) return;
  if (!unread && stream_->flush()) return finishClosing();
  // The last bytes of a tunnel: the peer gets a while to take them.
  state_ = State::kFlushing;
  stream_->shutdownWrite();
  stream_->setReading(true);
  deadline_.arm(kFlushTime);
  owner_.onFlushing(*this);
}

void ClientConnection::finishClosing() {
  if (std::exchange(state_, State::kClosed) != State::kClosed) owner_.onClosed(*this);
}

// Nothing is heard of it from now on, and it touches nothing of its endpoint's.
void ClientConnection::closeNow() {
  state_ = State::kClosed;
  if (stream_ != nullptr) stream_->setReading(false);
}

void ClientConnection::onExchangeEnd(bool reusable) {
  if (state_ != State::kOpen) return;
  if (!reusable) return close(false);
  stream_->setReading(true);  // so that the end of an idle connection is noticed
  owner_.onIdle(*this);
}

}  // namespace weir::upstream
