#include "core/proxy/server_connection.h"

#include <utility>

#include "core/proxy/exchange.h"

namespace weir::proxy {
namespace {

// How long a client that still sends gets to read our last words.
constexpr Milliseconds kLingerTime{2'000};

constexpr Error kHeadTimeout = {ErrorCode::kTimeout, Origin::kDownstream,
                                "head not complete in time"};
constexpr Error kStopped = {ErrorCode::kCancelled, Origin::kLocal, "stopped"};

}  // namespace

ServerConnection::ServerConnection(Gate& gate, std::unique_ptr<net::Stream> stream,
                                   const net::Address& peer)
    : gate_(gate),
      stream_(std::move(stream)),
      codec_(*this, *this, gate.engine().loop().chunks(), gate.plan().limits),
      peer_(peer.ip()),
      deadline_(gate.engine().loop().wheel(), *this) {
  stream_->setEvents(*this);
}

ServerConnection::~ServerConnection() = default;

void ServerConnection::start() {
  if (gate_.draining()) codec_.drain();
  armFor(http::ServerCodec::Phase::kHead);  // the first request must come in time as well
  stream_->setReading(true);
}

void ServerConnection::armFor(http::ServerCodec::Phase phase) {
  const ListenerPlan& plan = gate_.plan();
  Milliseconds limit{0};
  if (phase == http::ServerCodec::Phase::kIdle) limit = plan.idle_timeout;
  if (phase == http::ServerCodec::Phase::kHead) limit = plan.header_timeout;
  if (limit.count() > 0) {
    deadline_.arm(limit);
  } else {
    deadline_.disarm();
  }
}

void ServerConnection::onData(Bytes bytes) {
  if (state_ != State::kOpen) return;
  const auto before = codec_.phase();
  codec_.feed(bytes);
  if (state_ != State::kOpen) return;
  const auto after = codec_.phase();
  // A head that trickles in does not get its time anew with every byte.
  if (after == before && after != http::ServerCodec::Phase::kIdle) return;
  armFor(after);
}

void ServerConnection::onEnd() {
  if (state_ == State::kOpen) return codec_.onEnd();
  remove();
}

void ServerConnection::onDrained() {
  if (state_ == State::kOpen) codec_.onDrained();
}

void ServerConnection::onBroken(Error error) {
  const net::Security* security = stream_->security();
  if (security != nullptr && security->result != net::Handshake::kOk) {
    gate_.countHandshake(*security);
  }
  if (state_ == State::kOpen) codec_.onBroken(error);
  remove();
}

void ServerConnection::onDeadline() {
  if (state_ != State::kOpen) return remove();
  switch (codec_.phase()) {
    case http::ServerCodec::Phase::kHead:
      gate_.engine().metrics().counter(timeoutsKey(0, TimeoutStage::kHeaders)).add();
      return codec_.failHead(kHeadTimeout);
    case http::ServerCodec::Phase::kIdle:
      return close(false);
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

void ServerConnection::remove() {
  if (std::exchange(state_, State::kClosed) == State::kClosed) return;
  deadline_.disarm();
  gate_.remove(*this);
}

void ServerConnection::drain() {
  codec_.drain();
  if (state_ == State::kOpen && codec_.phase() == http::ServerCodec::Phase::kIdle) close(false);
}

void ServerConnection::breakNow() {
  if (state_ == State::kOpen) codec_.onBroken(kStopped);
  remove();
}

http::RequestEvents& ServerConnection::openExchange(http::Responder& responder) {
  Engine& engine = gate_.engine();
  // Not only bytes that arrive begin a request: one may have waited for its turn.
  armFor(http::ServerCodec::Phase::kHead);
  return *new (engine.exchanges().lend())
      Exchange(engine, gate_, {peer_, stream_->security()}, responder);
}

void ServerConnection::closeExchange(http::RequestEvents& exchange) {
  auto& done = static_cast<Exchange&>(exchange);
  done.~Exchange();
  gate_.engine().exchanges().giveBack(&done);
  armFor(http::ServerCodec::Phase::kIdle);
}

}  // namespace weir::proxy
