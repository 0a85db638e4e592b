#include "core/http/server_connection.h"

#include <algorithm>
#include <utility>

#include "core/http/h2/server_codec.h"

namespace weir::http {
namespace {

// Time limit for a client that still sends to read the last response.
constexpr Milliseconds kLingerTime{2'000};
// Time limit for the rest of a request after its response has been sent.
constexpr Milliseconds kRestTime{10'000};

// An idle connection of HTTP/2 returns memory after this time.
constexpr Milliseconds kTrimAfter{2'000};

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

ServerConnection::ServerConnection(event::Loop& loop, const ServerTerms& terms,
                                   std::unique_ptr<net::Stream> stream)
    : Deadline(loop.wheel()),
      stream_(std::move(stream)),
      codec_(std::in_place_index<0>, static_cast<Wire&>(*this), static_cast<ExchangeSource&>(*this),
             loop.chunks(), terms.limits) {
  stream_->setEvents(*this);
  if (terms.versions == VersionChoice::kAuto && security() == nullptr) return;
  preface_.skip();
  if (terms.versions == VersionChoice::kHttp2) useHttp2(loop, terms);
}

ServerConnection::~ServerConnection() = default;

ServerCodec& ServerConnection::codec() {
  if (auto* http1 = std::get_if<0>(&codec_)) return *http1;
  return *std::get<1>(codec_);
}

// Begins an idle period: the time until its end, or until memory is trimmed.
Milliseconds ServerConnection::idleLimit() {
  const Milliseconds limit = terms().idle_timeout;
  if (speaksHttp1()) {
    unsent_ = counted(stream_->queued());
    // More than the data of a turn: the client must make room.
    return unsent_ >= kMuch ? earlier(limit, terms().http2.send_timeout) : limit;
  }
  unsent_ = unsent();
  trims_ = limit.count() == 0 || limit > kTrimAfter;
  return trims_ ? kTrimAfter : limit;
}

void ServerConnection::armFor(ServerCodec::Phase phase) {
  if (unread_) return;  // it is about to be aborted
  Milliseconds limit{0};
  unsent_ = phase == ServerCodec::Phase::kBusy ? kNone : 0;
  if (phase == ServerCodec::Phase::kIdle) limit = idleLimit();
  if (phase == ServerCodec::Phase::kHead) limit = terms().header_timeout;
  if (phase == ServerCodec::Phase::kRest) limit = kRestTime;
  if (limit.count() > 0) {
    arm(limit);
  } else {
    disarm();
  }
}

void ServerConnection::useHttp2(event::Loop& loop, const ServerTerms& terms) {
  codec_.emplace<1>(std::make_unique<h2::ServerCodec>(
      loop, static_cast<Wire&>(*this), static_cast<ExchangeSource&>(*this), terms.http2));
}

void ServerConnection::speakHttp2() {
  useHttp2(loop(), terms());
  if (draining()) codec().drain();
}

// False if the first bytes are not sufficient.
bool ServerConnection::detectVersion(Bytes bytes) {
  const Preface::Says said = preface_.look(bytes);
  if (said == Preface::Says::kMore) return false;
  if (said == Preface::Says::kHttp2) speakHttp2();
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
  if (state_ != State::kOpen || draining()) return;
  if (codec().phase() == ServerCodec::Phase::kIdle) armFor(ServerCodec::Phase::kIdle);
}

void ServerConnection::onBroken(Error error) {
  if (state_ == State::kOpen) codec().onBroken(error);
  remove();
}

void ServerConnection::onDeadline() {
  if (state_ != State::kOpen) {
    // Data that the client did not read in time is not left to the kernel.
    if (stream_->queued() > 0) stream_->abort();
    return remove();
  }
  if (unread_) return breakUnread(Unread::kMemory);
  switch (codec().phase()) {
    case ServerCodec::Phase::kHead:
      onHeadTimeout();
      return codec().failHead(kHeadTimeout);
    case ServerCodec::Phase::kIdle:
      return onIdle();
    case ServerCodec::Phase::kRest:
      return codec().closeIdle();
    case ServerCodec::Phase::kBusy:
      return onSendTick();
  }
}

void ServerConnection::onIdle() {
  if (trims_) return trimIdle();
  const std::uint32_t before = std::exchange(unsent_, unsent());
  if (unsent_ == 0 || draining()) return codec().closeIdle();
  if (unsent_ < before) return armFor(ServerCodec::Phase::kIdle);
  breakUnread(Unread::kTimeout);
}

// The idle timeout continues.
void ServerConnection::trimIdle() {
  trims_ = false;
  // With data unsent, the codec may hold the head of a frame that it has not written yet.
  if (unsent() == 0) codec().trim();
  const Milliseconds limit = terms().idle_timeout;
  if (limit.count() > 0) arm(std::max(limit - kTrimAfter, Milliseconds(0)));
}

void ServerConnection::onSendTick() {
  const std::uint32_t before = std::exchange(unsent_, counted(stream_->queued()));
  if (unsent_ > 0 && unsent_ >= before) return breakUnread(Unread::kTimeout);
  if (unsent_ == 0) {
    unsent_ = kNone;  // the next write that must wait sets the deadline
    return;
  }
  arm(terms().http2.send_timeout);
}

void ServerConnection::breakUnread(Unread why) {
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
  const Milliseconds limit = terms().http2.send_timeout;
  if (speaksHttp1() && !armed() && limit.count() > 0) arm(limit);
  if (unread_ || loop().overload() < event::Overload::kResetStreams) return;
  // The connection is aborted when the current call has returned.
  unread_ = true;
  arm(Milliseconds(0));
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
  arm(kLingerTime);
}

void ServerConnection::abort() {
  if (state_ != State::kOpen) return;
  stream_->abort();
  remove();
}

void ServerConnection::remove() {
  if (std::exchange(state_, State::kClosed) == State::kClosed) return;
  disarm();
  onClosed();
}

void ServerConnection::endWhenDrained(bool done) {
  if (state_ != State::kOpen) return;
  if (done) return close(false);
  // The client gets a moment to receive the notice.
  if (codec().phase() == ServerCodec::Phase::kIdle) closeWithin(kLingerTime);
}

void ServerConnection::stop() {
  if (state_ == State::kOpen) codec().onBroken(kStopped);
  remove();
}

}  // namespace weir::http
