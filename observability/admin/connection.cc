#include "observability/admin/connection.h"

#include <algorithm>
#include <utility>

#include "core/http/h1/server_codec.h"
#include "core/http/h2/server_codec.h"

namespace weir::admin {
namespace {

// Time for a client that still sends to read the last reply.
constexpr Milliseconds kLingerTime{2'000};
constexpr std::uint32_t kMostStreams = 16;  // for HTTP/2

constexpr Error kHeadTimeout = {ErrorCode::kTimeout, Origin::kDownstream,
                                "head not complete in time"};
constexpr Error kStopped = {ErrorCode::kReset, Origin::kLocal, "stopped"};

}  // namespace

Connection::Connection(Shared& shared, ConnectionEvents& events,
                       std::unique_ptr<net::Stream> stream)
    : shared_(shared),
      events_(events),
      stream_(std::move(stream)),
      codec_(std::make_unique<http::h1::ServerCodec>(static_cast<http::Wire&>(*this),
                                                     static_cast<http::ExchangeSource&>(*this),
                                                     shared.loop.chunks(), shared.limits)),
      deadline_(shared.loop.wheel(), *this),
      idle_since_(shared.loop.now()) {
  stream_->setEvents(*this);
}

Connection::~Connection() = default;

void Connection::start() {
  armFor(http::ServerCodec::Phase::kHead);  // the first request has a time limit, too
  stream_->setReading(true);
}

std::optional<Milliseconds> Connection::idleSince() const {
  const bool busy = !std::ranges::all_of(exchanges_, &Exchange::receiving);
  if (busy || state_ != State::kOpen) return std::nullopt;
  return idle_since_;
}

// False if more bytes are needed.
bool Connection::detectVersion(Bytes bytes) {
  const http::Preface::Says said = preface_.look(bytes);
  if (said == http::Preface::Says::kMore) return false;
  if (said == http::Preface::Says::kHttp2) {
    http::h2::Options options;
    options.limits = shared_.limits;
    options.max_streams = kMostStreams;
    codec_ =
        std::make_unique<http::h2::ServerCodec>(shared_.loop, static_cast<http::Wire&>(*this),
                                                static_cast<http::ExchangeSource&>(*this), options);
  }
  if (!preface_.before().empty()) codec_->feed(asBytes(preface_.before()));
  return true;
}

void Connection::armFor(http::ServerCodec::Phase phase) {
  switch (phase) {
    case http::ServerCodec::Phase::kHead:
    case http::ServerCodec::Phase::kRest:
      return deadline_.arm(shared_.settings.header_timeout);
    case http::ServerCodec::Phase::kIdle:
      return deadline_.arm(shared_.settings.idle_timeout);
    case http::ServerCodec::Phase::kBusy:
      return deadline_.disarm();
  }
}

void Connection::onData(Bytes bytes) {
  if (state_ != State::kOpen) return;
  if (!preface_.read() && !detectVersion(bytes)) return;
  const auto before = codec_->phase();
  codec_->feed(bytes);
  if (state_ != State::kOpen) return;
  const auto after = codec_->phase();
  // Bytes of an incomplete head do not renew its time limit.
  if (after != before) armFor(after);
}

void Connection::onEnd() {
  if (state_ == State::kOpen) return codec_->onEnd();
  remove();
}

void Connection::onDrained() {
  if (state_ == State::kOpen) codec_->onDrained();
}

void Connection::onBroken(Error error) {
  if (state_ == State::kOpen) codec_->onBroken(error);
  remove();
}

void Connection::onDeadline() {
  if (state_ != State::kOpen) return remove();
  const bool in_head = codec_->phase() == http::ServerCodec::Phase::kHead;
  if (in_head) return codec_->failHead(kHeadTimeout);
  codec_->closeIdle();
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

void Connection::closeNow() {
  if (state_ == State::kOpen) codec_->onBroken(kStopped);
  remove();
}

http::RequestEvents& Connection::openExchange(http::Responder& responder) {
  // A request may also begin without new bytes: it may have waited for its turn.
  armFor(http::ServerCodec::Phase::kHead);
  return exchanges_.emplace_back(shared_, responder);
}

void Connection::closeExchange(http::RequestEvents& exchange) {
  exchanges_.remove_if([&](const Exchange& each) { return &each == &exchange; });
  idle_since_ = shared_.loop.now();
  armFor(codec_->phase());
}

}  // namespace weir::admin
