#include "core/http/h2/server_codec.h"

#include <algorithm>

#include <nghttp2/nghttp2.h>

#include "core/base/check.h"

namespace weir::http::h2 {
namespace {

constexpr Error kClientGone = {ErrorCode::kClosed, Origin::kDownstream, "client closed"};

}  // namespace

// One request of the client, from its first field on, and the responder to it.
class ServerCodec::Request final : public Stream, public Responder {
 public:
  Request(ServerCodec& codec, BlockPool& chunks) : Stream(chunks), codec_(codec), early_(chunks) {}

  // BodySink, BodySource, Responder
  void sendBody(Bytes bytes) override { codec_.sendBody(*this, bytes); }
  void finish(const Headers* trailers) override { codec_.finish(*this, trailers); }
  std::size_t queued() const override { return unsent(); }
  void setReading(bool reading) override;
  void sendInformational(const Response& response) override;
  void sendHead(const Response& response) override;
  void abort() override { codec_.reset(*this, NGHTTP2_INTERNAL_ERROR); }
  void release() override;

  void begin();
  void readHead(HeadReader& head, bool ends);
  void readTrailers(const HeadReader& head);
  void readBody(Bytes bytes);
  void readEnd();
  void fail(const Error& error);
  void onSentEnd();
  void renew();
  RequestEvents* exchange() { return exchange_; }

 private:
  friend class ServerCodec;
  enum class Tunnel : std::uint8_t { kNone, kAsked, kOpen };

  ServerCodec& codec_;
  std::size_t place_ = 0;  // in the codec's list
  RequestEvents* exchange_ = nullptr;
  Buffer early_;  // of a tunnel that is not open yet
  Tunnel tunnel_ = Tunnel::kNone;
  bool head_read_ = false;
  bool ended_ = false;     // the client sends no more
  bool answered_ = false;  // the final head was sent
  bool end_sent_ = false;
  bool over_ = false;  // onClosed was called
};

void ServerCodec::Request::begin() {
  exchange_ = &codec_.exchanges_.openExchange(*this);
  ++codec_.exchanges_open_;
}

void ServerCodec::Request::readHead(HeadReader& head, bool ends) {
  ended_ = ends;
  if (head_read_) return readTrailers(head);
  head_read_ = true;
  const Result<void> good = head.finishRequest(ends);
  if (!good.ok()) return exchange_->onRequestFailed(good.error());
  const http::Request& request = exchange_->request();
  if (request.body == BodyKind::kTunnel || !request.upgrade.empty()) tunnel_ = Tunnel::kAsked;
  exchange_->onRequestHead();
}

void ServerCodec::Request::readTrailers(const HeadReader& head) {
  if (exchange_ == nullptr) return;
  const Result<void> good = head.finishTrailers(Origin::kDownstream);
  if (good.ok()) return readEnd();
  if (answered_) codec_.reset(*this, NGHTTP2_ENHANCE_YOUR_CALM);
  exchange_->onRequestFailed(good.error());
}

void ServerCodec::Request::readBody(Bytes bytes) {
  if (exchange_ == nullptr) return;
  if (tunnel_ != Tunnel::kAsked) return exchange_->onRequestBody(bytes);
  codec_.setReading(*this, false);
  early_.append(bytes);
}

void ServerCodec::Request::readEnd() {
  ended_ = true;
  if (exchange_ != nullptr && tunnel_ != Tunnel::kAsked) exchange_->onRequestEnd();
}

void ServerCodec::Request::setReading(bool reading) {
  codec_.setReading(*this, reading);
  if (!reading || tunnel_ != Tunnel::kAsked || !answered_) return;
  // Bytes that the client sent before the tunnel was open.
  tunnel_ = Tunnel::kOpen;
  while (!early_.empty() && exchange_ != nullptr) {
    const Bytes piece = early_.front();
    exchange_->onRequestBody(piece);
    early_.consume(piece.size());
  }
  if (ended_ && exchange_ != nullptr) exchange_->onRequestEnd();
}

void ServerCodec::Request::sendInformational(const Response& response) {
  if (closed()) return;
  codec_.submitInformational(*this, fieldsOf(response, exchange_->request().headers.arena()));
}

void ServerCodec::Request::sendHead(const Response& response) {
  answered_ = true;
  if (response.body != BodyKind::kTunnel && tunnel_ == Tunnel::kAsked) tunnel_ = Tunnel::kNone;
  if (closed()) return;
  codec_.submitResponse(*this, fieldsOf(response, exchange_->request().headers.arena()),
                        response.body != BodyKind::kNone);
}

void ServerCodec::Request::fail(const Error& error) {
  if (exchange_ != nullptr && !finished()) exchange_->onRequestFailed(error);
}

void ServerCodec::Request::release() {
  RequestEvents& done = *std::exchange(exchange_, nullptr);
  --codec_.exchanges_open_;
  early_.clear();
  if (!finished()) abort();
  codec_.setReading(*this, true);
  codec_.exchanges_.closeExchange(done);
  if (over_) return codec_.recycle(*this);
  if (end_sent_) onSentEnd();
}

// RFC 9113, 8.1: the response is complete, and the rest of the request is not wanted.
void ServerCodec::Request::onSentEnd() {
  end_sent_ = true;
  if (!ended_ && exchange_ == nullptr) codec_.reset(*this, NGHTTP2_NO_ERROR);
}

void ServerCodec::Request::renew() {
  Stream::renew();
  tunnel_ = Tunnel::kNone;
  head_read_ = ended_ = answered_ = end_sent_ = over_ = false;
}

ServerCodec::ServerCodec(event::Loop& loop, Wire& wire, ExchangeSource& exchanges,
                         const Options& options)
    : Session(loop, wire, options, Side::kServer), exchanges_(exchanges), head_(options.limits) {}

ServerCodec::~ServerCodec() { WEIR_CHECK(exchanges_open_ == 0); }

http::ServerCodec::Phase ServerCodec::phase() const {
  if (!settingsReceived() || inHead()) return Phase::kHead;
  return exchanges_open_ > 0 ? Phase::kBusy : Phase::kIdle;
}

Stream* ServerCodec::openStream() {
  if (spare_.empty()) {
    open_.push_back(std::make_unique<Request>(*this, loop().chunks()));
  } else {
    open_.push_back(std::move(spare_.back()));
    spare_.pop_back();
  }
  open_.back()->place_ = open_.size() - 1;
  return open_.back().get();
}

void ServerCodec::onHeadBegin(Stream& stream) {
  auto& request = static_cast<Request&>(stream);
  if (!request.head_read_) {
    request.begin();
    head_.begin(request.exchange()->request());
  } else if (request.exchange() != nullptr) {
    head_.beginTrailers(request.exchange()->request().trailers);
  }
}

void ServerCodec::onField(Stream& stream, std::string_view name, std::string_view value) {
  if (static_cast<Request&>(stream).exchange() != nullptr) head_.add(name, value);
}

void ServerCodec::onHeadEnd(Stream& stream, bool ends) {
  static_cast<Request&>(stream).readHead(head_, ends);
}

void ServerCodec::onBody(Stream& stream, Bytes bytes) {
  static_cast<Request&>(stream).readBody(bytes);
}

void ServerCodec::onBodyEnd(Stream& stream) { static_cast<Request&>(stream).readEnd(); }

void ServerCodec::onSentEnd(Stream& stream) { static_cast<Request&>(stream).onSentEnd(); }

void ServerCodec::onDrained(Stream& stream) {
  auto& request = static_cast<Request&>(stream);
  if (request.exchange() != nullptr) request.exchange()->onResponseDrained();
}

void ServerCodec::onClosed(Stream& stream, Error error) {
  auto& request = static_cast<Request&>(stream);
  if (error.code != ErrorCode::kProtocol && error.code != ErrorCode::kTooLarge) {
    error = kClientGone;
  }
  request.fail(error);
  request.over_ = true;
  if (request.exchange() == nullptr) recycle(request);
}

void ServerCodec::recycle(Request& request) {
  const std::size_t place = request.place_;
  std::unique_ptr<Request> taken = std::move(open_[place]);
  if (place + 1 != open_.size()) {
    open_[place] = std::move(open_.back());
    open_[place]->place_ = place;
  }
  open_.pop_back();
  if (spare_.size() >= kMostSpareStreams) return;
  taken->renew();
  spare_.push_back(std::move(taken));
}

void ServerCodec::onEnd() { onBroken(kClientGone); }

void ServerCodec::onBroken(Error error) {
  if (error.code != ErrorCode::kCancelled) error = kClientGone;
  failAll(error);
  wire().close(false);
}

void ServerCodec::onSilent() { onBroken(kClientGone); }

void ServerCodec::onStallTick() {
  for (const auto& request : open_) resetIfStalled(*request);
}

// Ends the exchanges; the streams are destroyed with the codec.
void ServerCodec::failAll(const Error& error) {
  for (std::size_t i = 0; i < open_.size(); ++i) {
    if (open_[i]->exchange() != nullptr) open_[i]->exchange()->onRequestFailed(error);
  }
}

void ServerCodec::failHead(Error) { terminate(NGHTTP2_ENHANCE_YOUR_CALM); }

void ServerCodec::forEachExchange(const std::function<void(RequestEvents&)>& visit) const {
  for (const auto& request : open_) {
    if (request->exchange() != nullptr) visit(*request->exchange());
  }
}

// RFC 9113, 6.8: the first GOAWAY announces the shutdown; after the client has received it, the
// second names the last stream accepted.
bool ServerCodec::drain() {
  if (std::exchange(draining_, true)) return false;
  submitShutdownNotice();
  return false;
}

bool ServerCodec::retire() {
  draining_ = true;
  if (!std::exchange(said_goodbye_, true)) submitGoaway();
  return false;
}

void ServerCodec::onShutdownPingAck() {
  if (!draining_ || std::exchange(said_goodbye_, true)) return;
  submitGoaway();
}

void ServerCodec::closeIdle() {
  said_goodbye_ = true;
  submitGoaway();
  // A client that leaves responses unread would not let the GOAWAY leave, either.
  if (!open_.empty() || wire().queued() > 0) wire().close(false);
}

void ServerCodec::trim() {
  spare_.clear();
  spare_.shrink_to_fit();
  open_.shrink_to_fit();
  trimMemory();
}

void ServerCodec::onSessionEnd() {
  failAll(kClientGone);
  wire().close(true);
}

}  // namespace weir::http::h2
