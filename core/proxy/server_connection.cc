#include "core/proxy/server_connection.h"

#include <algorithm>
#include <utility>

#include "core/http/h2/server_codec.h"
#include "core/proxy/connection_metrics.h"
#include "core/proxy/exchange.h"

namespace weir::proxy {
namespace {

// Time limit for a client that still sends to read the last response.
constexpr Milliseconds kLingerTime{2'000};
// Time limit for the rest of a request after its response has been sent.
constexpr Milliseconds kRestTime{10'000};

// The earlier of two time limits; 0: none.
Milliseconds earlier(Milliseconds one, Milliseconds other) {
  if (one.count() == 0 || other.count() == 0) return std::max(one, other);
  return std::min(one, other);
}

constexpr Error kHeadTimeout = {ErrorCode::kTimeout, Origin::kDownstream,
                                "head not complete in time"};
constexpr Error kUnread = {ErrorCode::kClosed, Origin::kDownstream, "client does not read"};
// Minimum of queued bytes for which a client must make room: fewer wait for the end of the turn.
constexpr std::size_t kMuch = 8 * 1024;
constexpr Error kStopped = {ErrorCode::kCancelled, Origin::kLocal, "stopped"};

}  // namespace

ServerConnection::ServerConnection(Listener& listener, std::unique_ptr<net::Stream> stream,
                                   const net::Address& peer)
    : listener_(listener),
      stream_(std::move(stream)),
      codec_(std::in_place_index<0>, static_cast<http::Wire&>(*this),
             static_cast<http::ExchangeSource&>(*this), listener.engine().loop().chunks(),
             listener.plan().limits),
      peer_(peer.ip()),
      deadline_(listener.engine().loop().wheel(), *this) {
  stream_->setEvents(*this);
  if (listener.plan().versions == http::VersionChoice::kAuto && !secured()) return;
  preface_.skip();
  if (listener.plan().versions == http::VersionChoice::kHttp2) speakHttp2();
}

ServerConnection::~ServerConnection() = default;

http::ServerCodec& ServerConnection::codec() {
  if (auto* http1 = std::get_if<0>(&codec_)) return *http1;
  return *std::get<1>(codec_);
}

void ServerConnection::start() {
  const net::Security* security = stream_->security();
  if (security == nullptr)
    lifetime_ = Lifetime::begin(*this, listener_.engine(), listener_.plan(), nullptr);
  if (security != nullptr && !security->version.empty()) speakAsAgreed();
  armFor(http::ServerCodec::Phase::kHead);  // the time limit applies to the first request, too
  if (listener_.draining()) drain();
  stream_->setReading(true);
}

void ServerConnection::armFor(http::ServerCodec::Phase phase) {
  if (unread_) return;  // it is about to be aborted
  const ListenerPlan& plan = listener_.plan();
  Milliseconds limit{0};
  unsent_ = phase == http::ServerCodec::Phase::kBusy ? kNone : 0;
  if (phase == http::ServerCodec::Phase::kIdle) {
    limit = plan.idle_timeout;
    unsent_ = codec_.index() == 0 ? stream_->queued() : unsent();
    // More than the data of a turn: the client must make room.
    if (codec_.index() == 0 && unsent_ >= kMuch) limit = earlier(limit, plan.http2.send_timeout);
  }
  if (phase == http::ServerCodec::Phase::kHead) limit = plan.header_timeout;
  if (phase == http::ServerCodec::Phase::kRest) limit = kRestTime;
  if (limit.count() > 0) {
    deadline_.arm(limit);
  } else {
    deadline_.disarm();
  }
}

void ServerConnection::onConnected() {
  listener_.countHandshake(*stream_->security());
  speakAsAgreed();
}

// The handshake is complete, possibly before this object received the stream.
void ServerConnection::speakAsAgreed() {
  const net::Security& security = *stream_->security();
  lifetime_ = Lifetime::begin(*this, listener_.engine(), listener_.plan(), security.peer.get());
  if (security.protocol == "h2" && codec_.index() == 0) speakHttp2();
}

void ServerConnection::speakHttp2() {
  http::Wire& wire = *this;
  http::ExchangeSource& exchanges = *this;
  codec_.emplace<1>(std::make_unique<http::h2::ServerCodec>(listener_.engine().loop(), wire,
                                                            exchanges, listener_.plan().http2));
  if (listener_.draining()) codec().drain();
}

// False if the first bytes are not sufficient.
bool ServerConnection::detectVersion(Bytes bytes) {
  const http::Preface::Says said = preface_.look(bytes);
  if (said == http::Preface::Says::kMore) return false;
  if (said == http::Preface::Says::kHttp2) speakHttp2();
  if (!preface_.before().empty()) codec().feed(asBytes(preface_.before()));
  return true;
}

void ServerConnection::onData(Bytes bytes) {
  if (state_ != State::kOpen) return;
  if (!preface_.read() && !detectVersion(bytes)) return;
  const auto before = codec().phase();
  codec().feed(bytes);
  if (state_ != State::kOpen) return;
  const auto after = codec().phase();
  // The deadline is not restarted by each byte of a slow head, nor by data other than requests,
  // such as empty lines or PING. Requests that began and ended have set it.
  if (after != before) armFor(after);
}

void ServerConnection::onEnd() {
  if (state_ == State::kOpen) return codec().onEnd();
  remove();
}

void ServerConnection::onDrained() {
  if (state_ != State::kOpen) return;
  unsent_ = kNone;
  codec().onDrained();
  // The idle time begins when the client has read all data.
  if (state_ != State::kOpen || listener_.draining()) return;
  if (codec().phase() == http::ServerCodec::Phase::kIdle) armFor(http::ServerCodec::Phase::kIdle);
}

void ServerConnection::onBroken(Error error) {
  const net::Security* security = stream_->security();
  if (security != nullptr && security->result != net::Handshake::kOk) {
    listener_.failHandshake(*security, peer_, error.detail);
  }
  if (state_ == State::kOpen) codec().onBroken(error);
  remove();
}

void ServerConnection::onDeadline() {
  if (state_ != State::kOpen) {
    // Data that the client did not read in time is not left to the kernel.
    if (stream_->queued() > 0) stream_->abort();
    return remove();
  }
  if (unread_) return breakUnread(http::Unread::kMemory);
  switch (codec().phase()) {
    case http::ServerCodec::Phase::kHead:
      listener_.engine().metrics().counter(timeoutsKey(0, TimeoutStage::kHeaders)).add();
      return codec().failHead(kHeadTimeout);
    case http::ServerCodec::Phase::kIdle:
      return onIdle();
    case http::ServerCodec::Phase::kRest:
      return codec().closeIdle();
    case http::ServerCodec::Phase::kBusy:
      return onSendTick();
  }
}

void ServerConnection::onIdle() {
  const std::size_t before = std::exchange(unsent_, unsent());
  if (unsent_ == 0 || listener_.draining()) return codec().closeIdle();
  if (unsent_ < before) return armFor(http::ServerCodec::Phase::kIdle);
  breakUnread(http::Unread::kTimeout);
}

void ServerConnection::onSendTick() {
  const std::size_t before = std::exchange(unsent_, stream_->queued());
  if (unsent_ > 0 && unsent_ >= before) return breakUnread(http::Unread::kTimeout);
  if (unsent_ == 0) {
    unsent_ = kNone;  // the next write that must wait sets the deadline
    return;
  }
  deadline_.arm(listener_.plan().http2.send_timeout);
}

void ServerConnection::breakUnread(http::Unread why) {
  onUnread(why);
  codec().onBroken(kUnread);
  if (state_ == State::kClosed) return;
  stream_->abort();
  remove();
}

void ServerConnection::write(Bytes first, Bytes second) {
  if (state_ != State::kOpen) return;
  stream_->write(first, second);
  if (stream_->queued() >= kMuch) [[unlikely]]
    watchSending();
}

// Limits the time that the client may take to make room. HTTP/2 has its own limit.
void ServerConnection::watchSending() {
  const Milliseconds limit = listener_.plan().http2.send_timeout;
  if (codec_.index() == 0 && !deadline_.armed() && limit.count() > 0) deadline_.arm(limit);
  if (unread_ || listener_.engine().loop().overload() < event::Overload::kResetStreams) return;
  // The connection is aborted when the current call has returned.
  unread_ = true;
  deadline_.arm(Milliseconds(0));
}

void ServerConnection::setReading(bool reading) {
  if (state_ == State::kOpen) stream_->setReading(reading);
}

void ServerConnection::close(bool unread) {
  if (state_ != State::kOpen) return;
  if (!unread && stream_->flush()) return remove();
  state_ = State::kLingering;
  stream_->shutdownWrite();
  stream_->setReading(true);
  deadline_.arm(kLingerTime);
}

void ServerConnection::abort() {
  if (state_ != State::kOpen) return;
  stream_->abort();
  remove();
}

void ServerConnection::remove() {
  if (std::exchange(state_, State::kClosed) == State::kClosed) return;
  deadline_.disarm();
  listener_.remove(*this, secured(), Reason::kNone);
}

void ServerConnection::drain() {
  const bool done = codec().drain();
  if (state_ == State::kOpen && !served_) return deadline_.arm(Listener::kFreshGrace);
  endWhenDrained(done);
}

void ServerConnection::retire() { endWhenDrained(codec().retire()); }

void ServerConnection::endWhenDrained(bool done) {
  if (state_ != State::kOpen) return;
  if (done) return close(false);
  // The client gets a moment to receive the notice.
  if (codec().phase() == http::ServerCodec::Phase::kIdle) deadline_.arm(kLingerTime);
}

void ServerConnection::closeNow() {
  if (state_ == State::kOpen) codec().onBroken(kStopped);
  remove();
}

http::RequestEvents& ServerConnection::openExchange(http::Responder& responder) {
  Engine& engine = listener_.engine();
  served_ = true;
  // A request need not begin with received bytes: it may have been waiting for its turn.
  armFor(http::ServerCodec::Phase::kHead);
  return *new (engine.exchanges().lend())
      Exchange(engine, listener_, {peer_, stream_->security(), &share_}, responder);
}

void ServerConnection::closeExchange(http::RequestEvents& exchange) {
  auto& done = static_cast<Exchange&>(exchange);
  done.~Exchange();
  listener_.engine().exchanges().giveBack(&done);
  armFor(codec().phase());
}

void ServerConnection::onFlood(http::Flood kind) {
  listener_.engine().metrics().counter(http2FloodsKey(listener_.id(), kind)).add();
}

void ServerConnection::onUnread(http::Unread why) {
  MetricCells& cells = listener_.engine().metrics();
  if (why == http::Unread::kTimeout) {
    return cells.counter(timeoutsKey(0, TimeoutStage::kSend)).add();
  }
  cells.counter(limitRejectionsKey(LimitScope::kListener, LimitResource::kMemory)).add();
}

}  // namespace weir::proxy
