#include "core/http/h1/client_codec.h"

#include "core/base/check.h"
#include "core/http/h1/writer.h"

namespace weir::http::h1 {
namespace {

constexpr Error kCutShort = {ErrorCode::kReset, Origin::kUpstream, "response cut short"};
constexpr Error kTooManyInformational = {ErrorCode::kProtocol, Origin::kUpstream,
                                         "too many informational responses"};
// Each interim response stays in the exchange's arena.
constexpr int kMostInformational = 32;

constexpr Error kUnasked101 = {ErrorCode::kProtocol, Origin::kUpstream, "unsolicited 101"};
constexpr Error kEarly101 = {ErrorCode::kProtocol, Origin::kUpstream,
                             "101 before the end of the request"};

}  // namespace

ClientCodec::ClientCodec(Wire& wire, ClientCodecEvents& owner, BlockPool& blocks, Limits limits)
    : wire_(wire), owner_(owner), blocks_(blocks), limits_(limits) {}

Requester& ClientCodec::open(ResponseEvents& events) {
  WEIR_CHECK(free() > 0);
  exchange_ = &events;
  parser_ = nullptr;
  writing_ = Writing::kNothing;
  answered_ = false;
  informational_ = 0;
  close_after_ = false;
  upstream_ended_ = false;
  return *this;
}

void ClientCodec::sendHead(const Request& request) {
  method_ = request.method;
  asked_upgrade_ = request.upgrade;
  wire_.write(writeRequestHead(request, request.headers.arena()));
  switch (request.body) {
    case BodyKind::kLength:
      writing_ = Writing::kLength;
      break;
    case BodyKind::kStream:
      writing_ = Writing::kChunks;
      break;
    case BodyKind::kTunnel:
      writing_ = Writing::kAwaitingUpgrade;
      break;
    default:
      writing_ = request.upgrade.empty() ? Writing::kDone : Writing::kAwaitingUpgrade;
  }
}

void ClientCodec::sendBody(Bytes bytes) {
  if (bytes.empty()) return;
  if (writing_ != Writing::kChunks) return wire_.write(bytes);
  char line[kMaxChunkLine];
  wire_.write(writeChunkLine(bytes.size(), line), bytes);
  wire_.write(asBytes("\r\n"));
}

void ClientCodec::finish(const Headers* trailers) {
  if (writing_ == Writing::kChunks) {
    wire_.write(writeLastChunk(trailers, exchange_->response().headers.arena()));
  }
  const bool tunnel = writing_ == Writing::kTunnel;
  writing_ = Writing::kDone;
  if (!tunnel) return;
  wire_.shutdownWrite();
  if (!upstream_ended_) return;
  spent_ = true;
  detach();
  owner_.onExchangeEnd(false);
}

void ClientCodec::startResponse() {
  Response& response = exchange_->response();
  Arena& arena = response.headers.arena();
  response = Response(arena);
  parser_ = Parser::forResponse(arena, response, method_, limits_);
}

void ClientCodec::feed(Bytes bytes) {
  if (exchange_ == nullptr) return drop(bytes);
  answered_ = true;
  if (parser_ == nullptr) startResponse();
  while (exchange_ != nullptr) {
    switch (parser_->next(bytes)) {
      case Parser::Event::kNeedMore:
        return;
      case Parser::Event::kHead:
        onHead();
        break;
      case Parser::Event::kBody:
        exchange_->onResponseBody(parser_->body());
        break;
      case Parser::Event::kEnd:
        return completeResponse(bytes);  // this codec may already serve another exchange
      case Parser::Event::kFailed:
        return failResponse(parser_->error());
    }
  }
  if (unwanted_ != nullptr) drop(bytes);  // the exchange was cancelled during this call
}

// RFC 9110, 7.8: only to a requested protocol, and not before the request is complete.
Result<void> ClientCodec::checkSwitch(const Response& response) const {
  if (response.status != 101) return {};
  if (asked_upgrade_.empty() || !equalsIgnoringCase(response.upgrade, asked_upgrade_)) {
    return kUnasked101;
  }
  if (writing_ == Writing::kLength || writing_ == Writing::kChunks) return kEarly101;
  return {};
}

void ClientCodec::onHead() {
  const Response& response = exchange_->response();
  const Result<void> allowed = checkSwitch(response);
  if (!allowed.ok()) return failResponse(allowed.error());
  if (response.status < 200 && response.status != 101) {
    if (++informational_ > kMostInformational) return failResponse(kTooManyInformational);
    exchange_->onInformational();
    if (exchange_ != nullptr) startResponse();
    return;
  }
  const bool http10 = response.version == Version::kHttp10;
  const Persistence& said = parser_->persistence();
  close_after_ = said.close || (http10 && !said.keep_alive);
  if (response.body == BodyKind::kTunnel) {
    writing_ = Writing::kTunnel;
    parser_->becomeTunnel();
  } else if (writing_ == Writing::kAwaitingUpgrade) {
    writing_ = Writing::kDone;
  }
  exchange_->onResponseHead();
}

ResponseEvents* ClientCodec::detach() {
  ResponseEvents* exchange = exchange_;
  exchange_ = nullptr;
  parser_ = nullptr;
  return exchange;
}

void ClientCodec::completeResponse(Bytes rest) {
  const bool reusable = !close_after_ && writing_ == Writing::kDone && rest.empty();
  spent_ = !reusable;
  ResponseEvents* exchange = detach();
  // The connection returns to its pool first, so that the event may lead to its reuse.
  owner_.onExchangeEnd(reusable);
  exchange->onResponseEnd();
}

void ClientCodec::failResponse(Error error) {
  spent_ = true;
  ResponseEvents* exchange = detach();
  owner_.onExchangeEnd(false);
  exchange->onResponseFailed(error);
}

void ClientCodec::cancel() {
  unwanted_ = unwantedRest();
  if (unwanted_ == nullptr) return giveUp();
  detach();
  wire_.setReading(true);
  owner_.onRestBegin();
}

void ClientCodec::giveUp() {
  spent_ = true;
  detach();
  owner_.onExchangeEnd(false);
}

// The rest of the response; null if reading it would not make the connection reusable, or is not
// worth it.
std::unique_ptr<UnwantedResponse> ClientCodec::unwantedRest() const {
  if (writing_ != Writing::kDone || !asked_upgrade_.empty()) return nullptr;
  if (parser_ == nullptr) return std::make_unique<UnwantedResponse>(blocks_, method_, limits_);
  if (close_after_) return nullptr;
  const std::optional<RestOfBody> rest = parser_->rest();
  if (!rest || rest->known() > UnwantedResponse::kMostBytes) return nullptr;
  return std::make_unique<UnwantedResponse>(blocks_, *rest, limits_);
}

// Unsolicited bytes, whatever they are, must not be taken for the next response.
void ClientCodec::drop(Bytes bytes) {
  if (unwanted_ == nullptr) return closeUnused();
  const auto event = unwanted_->next(bytes);
  if (event == UnwantedResponse::Event::kNeedMore) return;
  if (event == UnwantedResponse::Event::kFailed || !bytes.empty()) return closeUnused();
  unwanted_ = nullptr;
  owner_.onRestEnd();
}

void ClientCodec::closeUnused() {
  spent_ = true;
  unwanted_ = nullptr;
  wire_.close(false);
}

void ClientCodec::onEnd() {
  if (exchange_ == nullptr) return closeUnused();
  if (parser_ != nullptr && parser_->mayEndNow()) {
    close_after_ = true;
    if (writing_ != Writing::kTunnel) return completeResponse({});
    upstream_ended_ = true;  // the other direction stays open until finish()
    return exchange_->onResponseEnd();
  }
  Error error = kCutShort;
  if (!answered_) error.code = ErrorCode::kClosed;
  failResponse(error);
}

void ClientCodec::onBroken(Error error) {
  if (exchange_ == nullptr) return closeUnused();
  error.origin = Origin::kUpstream;
  if (error.code == ErrorCode::kReset || error.code == ErrorCode::kClosed) {
    error.code = answered_ ? ErrorCode::kReset : ErrorCode::kClosed;
  }
  failResponse(error);
}

void ClientCodec::onDrained() {
  if (exchange_ != nullptr) exchange_->onRequestDrained();
}

}  // namespace weir::http::h1
