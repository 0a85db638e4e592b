#include "core/upstream/client_connection.h"

#include <utility>

#include "core/http/h1/client_codec.h"
#include "core/http/h2/client_codec.h"

namespace weir::upstream {
namespace {

constexpr Milliseconds kFlushTime{5'000};
// How long a connection reads an unwanted response.
constexpr Milliseconds kRestTime{1'000};

constexpr Error kConnectTimeout = {ErrorCode::kTimeout, Origin::kUpstream, "connect timeout"};
constexpr Error kNotGreeted = {ErrorCode::kClosed, Origin::kUpstream, "closed before its SETTINGS"};
constexpr Error kRevoked = {ErrorCode::kRevoked, Origin::kUpstream,
                            "the endpoint is no longer trusted"};
constexpr Error kBadGreeting = {ErrorCode::kProtocol, Origin::kUpstream, "does not speak HTTP/2"};

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
    error.origin = Origin::kUpstream;  // whatever its source: the endpoint was not reached
    return error;
  }
  stream_ = std::move(stream.value());
  stream_->setEvents(*this);
  deadline_.arm(timeout);
  return {};
}

ClientConnection::State ClientConnection::stateOfPhase() const {
  using Room = http::ClientCodec::Room;
  static_assert(static_cast<int>(State::kIdle) == static_cast<int>(Room::kIdle) &&
                static_cast<int>(State::kBusy) == static_cast<int>(Room::kBusy) &&
                static_cast<int>(State::kFull) == static_cast<int>(Room::kFull) &&
                static_cast<int>(State::kDraining) == static_cast<int>(Room::kSpent));
  if (phase_ == Phase::kFlushing) return State::kFlushing;
  return phase_ == Phase::kClosed ? State::kClosed : State::kConnecting;
}

void ClientConnection::armIdle(Milliseconds timeout) {
  const bool aged = drains_at_ != kNever && drains_at_ - loop_.now() < timeout;
  deadline_.arm(aged ? drains_at_ - loop_.now() : timeout);
}

void ClientConnection::onConnected() {
  if (phase_ != Phase::kConnecting) return;  // abandoned in this turn
  connect_took_ = monotonicNow() - connect_started_;
  phase_ = Phase::kGreeting;
  makeCodec();
  if (codec_->ready()) becomeReady();
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
    codec_ =
        std::make_unique<http::h1::ClientCodec>(wire, events, loop_.scratch(), options_.limits);
  }
}

void ClientConnection::becomeReady() {
  phase_ = Phase::kOpen;
  deadline_.disarm();
  owner_.onReady(*this);
}

void ClientConnection::failConnecting(Error error) {
  closeNow();
  error.origin = Origin::kUpstream;
  owner_.onConnectFailed(*this, error);
}

void ClientConnection::onDeadline() {
  if (phase_ == Phase::kConnecting || phase_ == Phase::kGreeting) {
    failConnecting(kConnectTimeout);
  } else if (revoked_ && phase_ == Phase::kOpen) {
    codec_->onBroken(kRevoked);
  } else if (phase_ == Phase::kOpen) {
    close(false);
  } else {
    finishClosing();
  }
}

void ClientConnection::onData(Bytes bytes) {
  if (speaking()) codec_->feed(bytes);
}

void ClientConnection::onEnd() {
  if (phase_ == Phase::kGreeting) return failConnecting(kNotGreeted);
  if (phase_ == Phase::kOpen) return codec_->onEnd();
  if (phase_ == Phase::kFlushing) finishClosing();
}

void ClientConnection::onDrained() {
  if (speaking()) codec_->onDrained();
}

void ClientConnection::onBroken(Error error) {
  if (phase_ == Phase::kConnecting || phase_ == Phase::kGreeting) {
    failConnecting(error);
  } else if (phase_ == Phase::kOpen) {
    codec_->onBroken(error);
  } else {
    finishClosing();
  }
}

void ClientConnection::write(Bytes first, Bytes second) {
  if (speaking()) stream_->write(first, second);
}

void ClientConnection::setReading(bool reading) {
  if (speaking()) stream_->setReading(reading);
}

void ClientConnection::shutdownWrite() {
  if (speaking()) stream_->shutdownWrite();
}

void ClientConnection::close(bool unread) {
  if (phase_ == Phase::kGreeting) return failConnecting(kBadGreeting);
  if (phase_ != Phase::kOpen) return;
  if (!unread && stream_->flush()) return finishClosing();
  // For the last bytes of a tunnel: the peer has some time to take them.
  phase_ = Phase::kFlushing;
  stream_->shutdownWrite();
  stream_->setReading(true);
  owner_.onChanged(*this);
  deadline_.arm(kFlushTime);
}

void ClientConnection::finishClosing() {
  if (phase_ == Phase::kClosed) return;
  closeNow();
  owner_.onClosed(*this);
}

// No events follow, and the connection no longer uses its endpoint.
void ClientConnection::closeNow() {
  phase_ = Phase::kClosed;
  deadline_.disarm();
  if (stream_ != nullptr) stream_->setReading(false);
}

void ClientConnection::onExchangeEnd(bool) {
  if (phase_ != Phase::kOpen) return;
  stream_->setReading(true);  // to detect the end of an idle connection
  owner_.onChanged(*this);
}

void ClientConnection::revokeAfter(Milliseconds time) {
  drain();
  revoked_ = true;
  deadline_.arm(time);
}

void ClientConnection::onRestBegin() {
  if (phase_ != Phase::kOpen || revoked_) return;
  deadline_.arm(kRestTime);
  owner_.onRestBegin(*this);
}

void ClientConnection::onRestEnd() {
  if (phase_ != Phase::kOpen) return;
  if (!revoked_) deadline_.disarm();
  owner_.onRestEnd(*this);
}

void ClientConnection::onFreeChanged() {
  if (phase_ == Phase::kOpen) return owner_.onChanged(*this);
  if (phase_ == Phase::kGreeting && codec_->ready()) becomeReady();
}

}  // namespace weir::upstream
