#include "core/upstream/client_connection.h"

#include <utility>

#include "core/http/h1/client_codec.h"
#include "core/http/h2/client_codec.h"

namespace weir::upstream {
namespace {

constexpr Milliseconds kFlushTime{5'000};

}  // namespace

ClientConnection::ClientConnection(event::Loop& loop, ClientConnectionEvents& owner,
                                   http::VersionChoice protocol, const http::h2::Options& options)
    : loop_(loop),
      owner_(owner),
      options_(options),
      deadline_(loop.wheel(), *this),
      protocol_(protocol) {}

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
  makeCodec();
  owner_.onConnected(*this);
}

void ClientConnection::makeCodec() {
  http::Wire& wire = *this;
  http::ClientCodecEvents& events = *this;
  const net::Security* security = stream_->security();
  const bool agreed = security != nullptr && security->protocol == "h2";
  if (agreed || (security == nullptr && protocol_ == http::VersionChoice::kHttp2)) {
    protocol_ = http::VersionChoice::kHttp2;
    const std::string_view scheme = security == nullptr ? "http" : "https";
    codec_ = std::make_unique<http::h2::ClientCodec>(loop_, wire, events, options_, scheme);
    stream_->setReading(true);
  } else {
    protocol_ = http::VersionChoice::kHttp1;
    codec_ = std::make_unique<http::h1::ClientCodec>(wire, events, options_.limits);
  }
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
  if (state_ == State::kOpen) codec_->feed(bytes);
}

void ClientConnection::onEnd() {
  if (state_ == State::kOpen) return codec_->onEnd();
  if (state_ == State::kFlushing) finishClosing();
}

void ClientConnection::onDrained() {
  if (state_ == State::kOpen) codec_->onDrained();
}

void ClientConnection::onBroken(Error error) {
  if (state_ == State::kConnecting) {
    state_ = State::kClosed;
    error.origin = Origin::kUpstream;
    owner_.onConnectFailed(*this, error);
  } else if (state_ == State::kOpen) {
    codec_->onBroken(error);
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
  owner_.onFlushing(*this);
  deadline_.arm(kFlushTime);
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
  if (!reusable && codec_->idle()) return close(false);
  stream_->setReading(true);  // so that the end of an idle connection is noticed
  owner_.onFree(*this);
}

void ClientConnection::onFreeChanged() {
  if (state_ != State::kOpen) return;
  if (codec_->idle() && codec_->free() == 0) return close(false);
  owner_.onFree(*this);
}

}  // namespace weir::upstream
