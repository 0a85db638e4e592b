#include "core/proxy/server_connection.h"

#include <utility>

#include "core/http/h2/server_codec.h"
#include "core/proxy/exchange.h"

namespace weir::proxy {
namespace {

// How long a client that still sends gets to read our last words.
constexpr Milliseconds kLingerTime{2'000};
// How long the end of a request may take whose answer is out.
constexpr Milliseconds kRestTime{10'000};

constexpr Error kHeadTimeout = {ErrorCode::kTimeout, Origin::kDownstream,
                                "head not complete in time"};
constexpr Error kStopped = {ErrorCode::kCancelled, Origin::kLocal, "stopped"};

}  // namespace

ServerConnection::ServerConnection(Gate& gate, std::unique_ptr<net::Stream> stream,
                                   const net::Address& peer)
    : gate_(gate),
      stream_(std::move(stream)),
      codec_(std::in_place_index<0>, static_cast<http::Wire&>(*this),
             static_cast<http::ExchangeSource&>(*this), gate.engine().loop().chunks(),
             gate.plan().limits),
      peer_(peer.ip()),
      deadline_(gate.engine().loop().wheel(), *this) {
  stream_->setEvents(*this);
  if (gate.plan().versions == http::VersionChoice::kAuto && !secured()) return;
  preface_.skip();
  if (gate.plan().versions == http::VersionChoice::kHttp2) speakHttp2();
}

ServerConnection::~ServerConnection() = default;

http::ServerCodec& ServerConnection::codec() {
  if (auto* http1 = std::get_if<0>(&codec_)) return *http1;
  return *std::get<1>(codec_);
}

void ServerConnection::start() {
  const net::Security* security = stream_->security();
  if (security == nullptr)
    lifetime_ = Lifetime::begin(*this, gate_.engine(), gate_.plan(), nullptr);
  if (security != nullptr && !security->version.empty()) speakAsAgreed();
  armFor(http::ServerCodec::Phase::kHead);  // the first request must come in time as well
  if (gate_.draining()) drain();
  stream_->setReading(true);
}

void ServerConnection::armFor(http::ServerCodec::Phase phase) {
  const ListenerPlan& plan = gate_.plan();
  Milliseconds limit{0};
  if (phase == http::ServerCodec::Phase::kIdle) limit = plan.idle_timeout;
  if (phase == http::ServerCodec::Phase::kHead) limit = plan.header_timeout;
  if (phase == http::ServerCodec::Phase::kRest) limit = kRestTime;
  if (limit.count() > 0) {
    deadline_.arm(limit);
  } else {
    deadline_.disarm();
  }
}

void ServerConnection::onConnected() {
  gate_.countHandshake(*stream_->security());
  speakAsAgreed();
}

// The handshake is over; it may have been before we got the stream.
void ServerConnection::speakAsAgreed() {
  const net::Security& security = *stream_->security();
  lifetime_ = Lifetime::begin(*this, gate_.engine(), gate_.plan(), security.peer.get());
  if (security.protocol == "h2" && codec_.index() == 0) speakHttp2();
}

void ServerConnection::speakHttp2() {
  http::Wire& wire = *this;
  http::ExchangeSource& exchanges = *this;
  codec_.emplace<1>(std::make_unique<http::h2::ServerCodec>(gate_.engine().loop(), wire, exchanges,
                                                            gate_.plan().http2));
  if (gate_.draining()) codec().drain();
}

// False when the first bytes do not suffice.
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
  // Time does not begin anew with every byte of a head that trickles in, nor with what is no
  // request, such as empty lines or PING. Requests that came and went have set it.
  if (after != before) armFor(after);
}

void ServerConnection::onEnd() {
  if (state_ == State::kOpen) return codec().onEnd();
  remove();
}

void ServerConnection::onDrained() {
  if (state_ == State::kOpen) codec().onDrained();
}

void ServerConnection::onBroken(Error error) {
  const net::Security* security = stream_->security();
  if (security != nullptr && security->result != net::Handshake::kOk) {
    gate_.failHandshake(*security, peer_, error.detail);
  }
  if (state_ == State::kOpen) codec().onBroken(error);
  remove();
}

void ServerConnection::onDeadline() {
  if (state_ != State::kOpen) return remove();
  switch (codec().phase()) {
    case http::ServerCodec::Phase::kHead:
      gate_.engine().metrics().counter(timeoutsKey(0, TimeoutStage::kHeaders)).add();
      return codec().failHead(kHeadTimeout);
    case http::ServerCodec::Phase::kIdle:
    case http::ServerCodec::Phase::kRest:
      return codec().closeIdle();
    case http::ServerCodec::Phase::kBusy:
      return;
  }
}

void ServerConnection::write(Bytes first, Bytes second) {
  if (state_ == State::kOpen) stream_->write(first, second);
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

void ServerConnection::breakOff() {
  if (state_ != State::kOpen) return;
  stream_->breakOff();
  remove();
}

void ServerConnection::remove() {
  if (std::exchange(state_, State::kClosed) == State::kClosed) return;
  deadline_.disarm();
  gate_.remove(*this, secured(), Reason::kNone);
}

void ServerConnection::drain() {
  const bool done = codec().drain();
  if (state_ == State::kOpen && !served_) return deadline_.arm(Gate::kFreshGrace);
  endWhenDrained(done);
}

void ServerConnection::retire() { endWhenDrained(codec().retire()); }

void ServerConnection::endWhenDrained(bool done) {
  if (state_ != State::kOpen) return;
  if (done) return close(false);
  // The client gets a while to hear of it.
  if (codec().phase() == http::ServerCodec::Phase::kIdle) deadline_.arm(kLingerTime);
}

void ServerConnection::breakNow() {
  if (state_ == State::kOpen) codec().onBroken(kStopped);
  remove();
}

http::RequestEvents& ServerConnection::openExchange(http::Responder& responder) {
  Engine& engine = gate_.engine();
  served_ = true;
  // Not only bytes that arrive begin a request: one may have waited for its turn.
  armFor(http::ServerCodec::Phase::kHead);
  return *new (engine.exchanges().lend())
      Exchange(engine, gate_, {peer_, stream_->security()}, responder);
}

void ServerConnection::closeExchange(http::RequestEvents& exchange) {
  auto& done = static_cast<Exchange&>(exchange);
  done.~Exchange();
  gate_.engine().exchanges().giveBack(&done);
  armFor(codec().phase());
}

void ServerConnection::onFlood(http::Flood kind) {
  gate_.engine().metrics().counter(http2FloodsKey(gate_.id(), static_cast<unsigned>(kind))).add();
}

}  // namespace weir::proxy
