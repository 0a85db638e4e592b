#include "core/http/h2/client_codec.h"

#include <algorithm>

#include <nghttp2/nghttp2.h>

#include "core/base/check.h"

namespace weir::http::h2 {
namespace {

// When a request is cancelled, its connection is put in doubt after this much silence of the peer.
constexpr Milliseconds kLongSilence{1'000};
// Each interim response stays in the exchange's arena.
constexpr int kMostInformational = 32;

constexpr Error kTooManyInformational = {ErrorCode::kProtocol, Origin::kUpstream,
                                         "too many informational responses"};
constexpr Error kSilent = {ErrorCode::kTimeout, Origin::kUpstream, "no answer to a PING"};
constexpr Error kGone = {ErrorCode::kClosed, Origin::kUpstream, "connection ended"};
constexpr Error kUnsent = {ErrorCode::kRefused, Origin::kUpstream, "no more streams allowed"};

}  // namespace

// A request to the upstream and its response.
class ClientCodec::Call final : public Stream, public http::Requester {
 public:
  Call(ClientCodec& codec, BlockPool& chunks) : Stream(chunks), codec_(codec) {}

  // BodySink, BodySource, Requester
  void sendHead(const http::Request& request) override;
  void sendBody(Bytes bytes) override { codec_.sendBody(*this, bytes); }
  void finish(const Headers* trailers) override;
  std::size_t queued() const override { return unsent(); }
  void setReading(bool reading) override { codec_.setReading(*this, reading); }
  void cancel() override;
  void timeOut() override;

  void begin(ResponseEvents& exchange) { exchange_ = &exchange; }
  void beginHead(HeadReader& head);
  void readHead(HeadReader& head, bool ends);
  void readEnd();
  void fail(Error error);
  void renew();
  ResponseEvents* exchange() { return exchange_; }

 private:
  friend class ClientCodec;
  void openTunnel(Response& response);
  void doubtIfSilent();
  void hear() {
    heard_ = codec_.heard();
    heard_at_ = codec_.loop().now();
  }
  ResponseEvents* detach();

  ClientCodec& codec_;
  std::size_t place_ = 0;  // in the codec's list
  ResponseEvents* exchange_ = nullptr;
  Method method_ = Method::kGet;
  std::string_view upgrade_;  // requested; in the exchange's arena
  std::uint32_t heard_ = 0;   // Session::heard() when the request was sent, or partly answered
  Milliseconds heard_at_{0};
  int informational_ = 0;
  bool answered_ = false;  // the final head was received
  bool ended_ = false;     // the upstream sends no more
  bool tunnel_ = false;
};

void ClientCodec::Call::sendHead(const http::Request& request) {
  method_ = request.method;
  upgrade_ = isExtendedConnect(request) ? request.upgrade : std::string_view();
  hear();
  const bool tunnel = request.body == BodyKind::kTunnel || !upgrade_.empty();
  codec_.submitRequest(*this, fieldsOf(request, codec_.scheme_, request.headers.arena()),
                       tunnel || request.body != BodyKind::kNone);
}

void ClientCodec::Call::finish(const Headers* trailers) {
  codec_.finish(*this, trailers);
  if (!tunnel_ || !ended_) return;
  detach();  // both directions of the tunnel have ended
  codec_.owner_.onExchangeEnd(codec_.openable());
}

void ClientCodec::Call::cancel() {
  // Clients that give up sooner than weir are the first to notice a dead connection.
  if (codec_.loop().now() - heard_at_ >= kLongSilence) doubtIfSilent();
  codec_.reset(*this, NGHTTP2_CANCEL);
  detach();
  codec_.owner_.onExchangeEnd(codec_.openable());
}

void ClientCodec::Call::timeOut() {
  doubtIfSilent();
  cancel();
}

// Nothing was received on the connection, on any stream, since this one last received anything.
void ClientCodec::Call::doubtIfSilent() {
  if (heard_ == codec_.heard()) codec_.doubt();
}

ResponseEvents* ClientCodec::Call::detach() {
  if (exchange_ == nullptr) return nullptr;
  --codec_.exchanges_;
  codec_.setReading(*this, true);
  upgrade_ = {};
  return std::exchange(exchange_, nullptr);
}

void ClientCodec::Call::beginHead(HeadReader& head) {
  hear();
  Response& response = exchange_->response();
  if (answered_) return head.beginTrailers(response.trailers);
  response = Response(response.headers.arena());
  head.begin(response);
}

void ClientCodec::Call::readHead(HeadReader& head, bool ends) {
  const Result<void> good =
      answered_ ? head.finishTrailers(Origin::kUpstream) : head.finishResponse(ends, method_);
  if (!good.ok()) {
    codec_.reset(*this, NGHTTP2_PROTOCOL_ERROR);
    return fail(good.error());
  }
  if (answered_) return readEnd();
  Response& response = exchange_->response();
  if (response.status < 200) {
    if (++informational_ <= kMostInformational) return exchange_->onInformational();
    codec_.reset(*this, NGHTTP2_ENHANCE_YOUR_CALM);
    return fail(kTooManyInformational);
  }
  answered_ = true;
  openTunnel(response);
  exchange_->onResponseHead();
  if (ends) readEnd();
}

// A successful extended CONNECT is presented as the protocol switch that it stands for; only a 200
// means success (RFC 8441, 5).
void ClientCodec::Call::openTunnel(Response& response) {
  tunnel_ = response.body == BodyKind::kTunnel;
  if (upgrade_.empty() || response.status != 200 || response.body == BodyKind::kNone) return;
  tunnel_ = true;
  response.status = 101;
  response.upgrade = upgrade_;
  response.body = BodyKind::kTunnel;
  response.has_content_length = false;
}

void ClientCodec::Call::readEnd() {
  ended_ = true;
  if (exchange_ == nullptr) return;
  if (tunnel_ && !finished()) return exchange_->onResponseEnd();  // half-closed
  if (!finished()) codec_.reset(*this, NGHTTP2_CANCEL);  // the rest of the request is not wanted
  ResponseEvents* exchange = detach();
  // The connection becomes free first, so that the event may lead to its reuse.
  codec_.owner_.onExchangeEnd(codec_.openable());
  exchange->onResponseEnd();
}

void ClientCodec::Call::fail(Error error) {
  // The upstream may have closed an idle connection if it ended before a response.
  if (error.code == ErrorCode::kClosed && answered_) error.code = ErrorCode::kReset;
  ResponseEvents* exchange = detach();
  if (exchange == nullptr) return;
  codec_.owner_.onExchangeEnd(codec_.openable());
  exchange->onResponseFailed(error);
}

void ClientCodec::Call::renew() {
  Stream::renew();
  informational_ = 0;
  answered_ = ended_ = tunnel_ = false;
}

ClientCodec::ClientCodec(event::Loop& loop, Wire& wire, ClientCodecEvents& owner,
                         const Options& options, std::string_view scheme)
    : Session(loop, wire, options, Side::kClient),
      owner_(owner),
      scheme_(scheme),
      head_(options.limits) {}

ClientCodec::~ClientCodec() = default;

http::Requester& ClientCodec::open(ResponseEvents& events) {
  WEIR_CHECK(free() > 0);
  if (spare_.empty()) {
    open_.push_back(std::make_unique<Call>(*this, loop().chunks()));
  } else {
    open_.push_back(std::move(spare_.back()));
    spare_.pop_back();
  }
  Call& call = *open_.back();
  call.place_ = open_.size() - 1;
  call.begin(events);
  ++exchanges_;
  return call;
}

std::size_t ClientCodec::most() const {
  return std::min<std::size_t>(allowedByPeer(), options().max_streams);
}

std::size_t ClientCodec::free() const {
  if (!settingsReceived() || !openable() || doubted()) return 0;
  const std::size_t limit = most();
  return limit > exchanges_ ? limit - exchanges_ : 0;
}

http::ClientCodec::Room ClientCodec::room() const {
  if (!openable()) return Room::kSpent;
  if (!settingsReceived() || doubted()) return Room::kFull;
  const std::size_t limit = most();
  if (limit == 0) return Room::kSpent;
  if (limit <= exchanges_) return Room::kFull;
  return exchanges_ == 0 ? Room::kIdle : Room::kBusy;
}

void ClientCodec::onSettings() {
  if (allowedByPeer() < open_.size()) refuseUnsent();
  owner_.onFreeChanged();
}

// The peer allows fewer streams than when requests were submitted to nghttp2, which would hold them
// until others have ended. None of them was sent: they are sent elsewhere.
void ClientCodec::refuseUnsent() {
  const auto unsent = [this](const Call& call) { return !isOpen(call); };
  const auto sent = static_cast<std::size_t>(
      std::count_if(open_.begin(), open_.end(), [&](const auto& call) { return !unsent(*call); }));
  std::size_t room = allowedByPeer() > sent ? allowedByPeer() - sent : 0;
  for (std::size_t i = 0; i < open_.size(); ++i) {
    Call& call = *open_[i];
    if (call.exchange() == nullptr || call.id() == 0 || !unsent(call)) continue;
    if (room > 0) {
      --room;
      continue;
    }
    reset(call, NGHTTP2_CANCEL);
    call.fail(kUnsent);
  }
}

void ClientCodec::onHeadBegin(Stream& stream) {
  auto& call = static_cast<Call&>(stream);
  if (call.exchange() != nullptr) call.beginHead(head_);
}

void ClientCodec::onField(Stream& stream, std::string_view name, std::string_view value) {
  if (static_cast<Call&>(stream).exchange() != nullptr) head_.add(name, value);
}

void ClientCodec::onHeadEnd(Stream& stream, bool ends) {
  auto& call = static_cast<Call&>(stream);
  if (call.exchange() != nullptr) call.readHead(head_, ends);
}

void ClientCodec::onBody(Stream& stream, Bytes bytes) {
  auto& call = static_cast<Call&>(stream);
  if (call.exchange() == nullptr) return;
  call.hear();
  call.exchange()->onResponseBody(bytes);
}

void ClientCodec::onBodyEnd(Stream& stream) { static_cast<Call&>(stream).readEnd(); }

void ClientCodec::onDrained(Stream& stream) {
  auto& call = static_cast<Call&>(stream);
  if (call.exchange() != nullptr) call.exchange()->onRequestDrained();
}

void ClientCodec::onClosed(Stream& stream, Error error) {
  auto& call = static_cast<Call&>(stream);
  call.fail(error);
  recycle(call);
  owner_.onFreeChanged();
}

void ClientCodec::recycle(Call& call) {
  const std::size_t place = call.place_;
  std::unique_ptr<Call> taken = std::move(open_[place]);
  if (place + 1 != open_.size()) {
    open_[place] = std::move(open_.back());
    open_[place]->place_ = place;
  }
  open_.pop_back();
  if (spare_.size() >= kMostSpareStreams) return;
  taken->renew();
  spare_.push_back(std::move(taken));
}

void ClientCodec::onEnd() { onBroken(kGone); }

void ClientCodec::onBroken(Error error) {
  broken_ = true;
  error.origin = Origin::kUpstream;
  if (error.code == ErrorCode::kReset) error.code = ErrorCode::kClosed;
  failAll(error);
  wire().close(false);
}

void ClientCodec::onSilent() {
  if (settingsReceived())
    onBroken(kSilent);  // else the connection attempt is in progress, which has its own timeout
}

void ClientCodec::failAll(const Error& error) {
  for (std::size_t i = 0; i < open_.size(); ++i) open_[i]->fail(error);
}

void ClientCodec::onSessionEnd() {
  broken_ = true;
  failAll(kGone);
  wire().close(false);
}

}  // namespace weir::http::h2
