#include "core/http/h1/server_codec.h"

#include "core/base/check.h"
#include "core/http/h1/writer.h"

namespace weir::http::h1 {
namespace {

// Bytes that a client may send ahead before reading is paused.
constexpr std::size_t kMaxBacklog = 16 * 1024;
// Unread response bytes at which the client's next request waits; above a stream's low-water mark,
// so that onDrained() will be called.
constexpr std::size_t kMostUnread = 64 * 1024;

constexpr Error kClientGone = {ErrorCode::kClosed, Origin::kDownstream, "client closed"};
constexpr Error kBareCr = {ErrorCode::kProtocol, Origin::kDownstream, "bare CR"};
constexpr Error kClientEnded = {ErrorCode::kProtocol, Origin::kDownstream, "request cut short"};

}  // namespace

ServerCodec::ServerCodec(Wire& wire, ExchangeSource& exchanges, BlockPool& chunks, Limits limits)
    : wire_(wire), exchanges_(exchanges), backlog_(chunks), limits_(limits) {}

ServerCodec::~ServerCodec() { WEIR_CHECK(exchange_ == nullptr); }

http::ServerCodec::Phase ServerCodec::phase() const {
  if (exchange_ == nullptr) return rest_ == nullptr ? Phase::kIdle : Phase::kRest;
  return head_seen_ ? Phase::kBusy : Phase::kHead;
}

bool ServerCodec::mayRead() const {
  return (reading_ == Reading::kNext || reading_ == Reading::kBody ||
          reading_ == Reading::kTunnel || reading_ == Reading::kRest) &&
         backlog_.empty();
}

void ServerCodec::feed(Bytes bytes) {
  if (reading_ == Reading::kNoMore) return;
  if (mayRead()) consume(bytes);
  if (reading_ == Reading::kNoMore) return;
  if (bytes.empty()) return resumeWire();
  backlog_.append(bytes);
  if (backlog_.size() >= kMaxBacklog && !wire_stopped_) {
    wire_stopped_ = true;
    wire_.setReading(false);
  }
}

void ServerCodec::consume(Bytes& input) {
  const bool outermost = !in_feed_;
  in_feed_ = true;
  while (!input.empty() || reading_ == Reading::kBody) {
    if (!consumePart(input)) break;
  }
  if (outermost) in_feed_ = false;
}

// False if no more input can be consumed now.
bool ServerCodec::consumePart(Bytes& input) {
  if (reading_ == Reading::kWaiting || reading_ == Reading::kNoMore) return false;
  if (reading_ == Reading::kRest) {
    const bool over = dropRest(input);
    if (over) endExchange();
    return over;
  }
  if (exchange_ == nullptr && !openExchange(input)) return false;
  const Parser::Event event = parser_->next(input);
  if (event != Parser::Event::kNeedMore) onEvent(event);
  return event != Parser::Event::kNeedMore;
}

void ServerCodec::onEvent(Parser::Event event) {
  switch (event) {
    case Parser::Event::kHead:
      return onHead();
    case Parser::Event::kBody:
      continued_ = true;
      return exchange_->onRequestBody(parser_->body());
    case Parser::Event::kEnd:
      return onRequestComplete();
    default:
      return failRequest(parser_->error());
  }
}

// Processes the bytes that waited for their turn.
void ServerCodec::takeBacklog() {
  if (in_feed_) return;
  while (!backlog_.empty() && reading_ != Reading::kWaiting && reading_ != Reading::kNoMore) {
    Bytes piece = backlog_.front();
    const std::size_t before = piece.size();
    in_feed_ = true;
    consume(piece);
    in_feed_ = false;
    backlog_.consume(std::min(before - piece.size(), backlog_.size()));
    if (before == piece.size()) break;
  }
  resumeWire();
}

void ServerCodec::resumeWire() {
  if (!wire_stopped_ || !body_wanted_ || !backlog_.empty()) return;
  wire_stopped_ = false;
  wire_.setReading(true);
}

bool ServerCodec::openExchange(Bytes& input) {
  // RFC 9112, 2.2: an empty line before a request is ignored.
  while (!input.empty() && input[0] == (empty_line_begun_ ? '\n' : '\r')) {
    empty_line_begun_ = !empty_line_begun_;
    input = input.subspan(1);
  }
  if (input.empty()) return false;
  exchange_ = &exchanges_.openExchange(*this);
  parser_ = Parser::forRequest(arena(), exchange_->request(), limits_);
  head_seen_ = false;
  body_wanted_ = true;
  continued_ = false;
  writing_ = Writing::kNothing;
  if (!empty_line_begun_) return true;
  empty_line_begun_ = false;
  failRequest(kBareCr);
  return false;
}

void ServerCodec::onHead() {
  const Request& request = exchange_->request();
  head_seen_ = true;
  const bool http10 = request.version == Version::kHttp10;
  const Persistence& said = parser_->persistence();
  close_after_ = close_after_ || said.close || (http10 && !said.keep_alive);
  // Reading waits for the response to an upgrade: a tunnel or the next request follows.
  reading_ = request.body == BodyKind::kNone || request.body == BodyKind::kTunnel
                 ? Reading::kWaiting
                 : Reading::kBody;
  exchange_->onRequestHead();
}

void ServerCodec::onRequestComplete() {
  reading_ = Reading::kWaiting;
  exchange_->onRequestEnd();
}

void ServerCodec::failRequest(Error error) {
  reading_ = Reading::kNoMore;
  close_after_ = true;
  exchange_->onRequestFailed(error);
}

void ServerCodec::failHead(Error error) {
  if (exchange_ != nullptr && !head_seen_) failRequest(error);
}

void ServerCodec::onEnd() {
  client_ended_ = true;
  if (exchange_ == nullptr) {
    reading_ = Reading::kNoMore;
    return wire_.close(false);
  }
  switch (reading_) {
    case Reading::kTunnel:
      reading_ = Reading::kNoMore;
      return exchange_->onRequestEnd();
    case Reading::kWaiting:
      // As far as can be known, the client will not read the response; other proxies agree.
      return onBroken(kClientGone);
    case Reading::kNext:
    case Reading::kBody:
      return failRequest(kClientEnded);
    case Reading::kRest:  // without an exchange: handled above
    case Reading::kNoMore:
      return;
  }
}

void ServerCodec::onBroken(Error error) {
  reading_ = Reading::kNoMore;
  close_after_ = true;
  if (exchange_ == nullptr) return wire_.close(false);
  if (error.code != ErrorCode::kCancelled) {
    error.code = ErrorCode::kClosed;
    error.origin = Origin::kDownstream;
  }
  exchange_->onRequestFailed(error);
}

void ServerCodec::onDrained() {
  if (exchange_ != nullptr) return exchange_->onResponseDrained();
  if (reading_ == Reading::kWaiting) nextRequest();
}

void ServerCodec::setReading(bool reading) {
  body_wanted_ = reading;
  if (!reading) {
    if (wire_stopped_) return;
    wire_stopped_ = true;
    return wire_.setReading(false);
  }
  takeBacklog();
}

void ServerCodec::sendInformational(const Response& response) {
  // RFC 9110, 15.2: HTTP/1.0 has no interim responses.
  if (exchange_->request().version == Version::kHttp10) return;
  continued_ = continued_ || response.status == 100;
  wire_.write(writeResponseHead(response, {.omit_length = true}, arena()));
}

bool ServerCodec::keepsAlive() const { return !close_after_ && !draining_ && !client_ended_; }

// Whether the connection can continue although the response begins before the request ends.
bool ServerCodec::mayReadRest() const {
  if (reading_ != Reading::kBody) return true;
  // RFC 9110, 10.1.1: a client that waits for a 100 may never send the body.
  if (exchange_->request().expects_continue && !continued_) return false;
  return parser_->rest().has_value();
}

void ServerCodec::decideFraming(const Response& response) {
  const bool http10 = exchange_->request().version == Version::kHttp10;
  switch (response.body) {
    case BodyKind::kNone:
      writing_ = Writing::kNothing;
      break;
    case BodyKind::kLength:
      writing_ = Writing::kLength;
      break;
    case BodyKind::kStream:
    case BodyKind::kUntilClose:
      writing_ = http10 ? Writing::kUntilClose : Writing::kChunks;
      close_after_ = close_after_ || http10;
      break;
    case BodyKind::kTunnel:
      writing_ = Writing::kTunnel;
      break;
  }
}

void ServerCodec::sendHead(const Response& response) {
  const Request& request = exchange_->request();
  // Bytes after a refused CONNECT may be meant for the tunnel.
  const bool refused_tunnel =
      request.body == BodyKind::kTunnel && response.body != BodyKind::kTunnel;
  close_after_ = !keepsAlive() || response.ends_connection || refused_tunnel || !mayReadRest();
  decideFraming(response);
  ResponseFraming framing;
  framing.chunked = writing_ == Writing::kChunks;
  framing.close = close_after_ && writing_ != Writing::kTunnel;
  framing.keep_alive = !close_after_ && request.version == Version::kHttp10;
  framing.omit_length = response.status == 204 || response.status == 304 ||
                        request.method == Method::kHead || response.status < 200;
  wire_.write(writeResponseHead(response, framing, arena()));
  if (writing_ != Writing::kTunnel) return;
  close_after_ = true;
  reading_ = client_ended_ ? Reading::kNoMore : Reading::kTunnel;
  parser_->becomeTunnel();
}

void ServerCodec::sendBody(Bytes bytes) {
  if (bytes.empty()) return;
  if (writing_ != Writing::kChunks) return wire_.write(bytes);
  char line[kMaxChunkLine];
  wire_.write(writeChunkLine(bytes.size(), line), bytes);
  wire_.write(asBytes("\r\n"));
}

void ServerCodec::finish(const Headers* trailers) {
  if (writing_ == Writing::kChunks) wire_.write(writeLastChunk(trailers, arena()));
  if (writing_ == Writing::kTunnel) wire_.shutdownWrite();
  writing_ = Writing::kFinished;
}

void ServerCodec::abort() {
  close_after_ = true;
  break_off_ = writing_ == Writing::kUntilClose;
  reading_ = Reading::kNoMore;
}

void ServerCodec::release() {
  if (reading_ == Reading::kBody && !close_after_ && keepsAlive()) startRest();
  RequestEvents* done = exchange_;
  exchange_ = nullptr;
  parser_ = nullptr;
  exchanges_.closeExchange(*done);
  body_wanted_ = true;
  if (reading_ == Reading::kRest) return takeBacklog();  // it is empty: the wire may resume
  endExchange();
}

// The response ended before the request: the rest of the request is read, within limits, to find
// the beginning of the next one.
void ServerCodec::startRest() {
  const auto rest = parser_->rest();
  if (!rest) return;
  rest_ = std::make_unique<RestOfBody>(*rest);
  reading_ = Reading::kRest;
  while (!in_feed_ && reading_ == Reading::kRest && !backlog_.empty()) {
    Bytes piece = backlog_.front();
    const std::size_t before = piece.size();
    dropRest(piece);
    backlog_.consume(before - piece.size());
  }
}

// True when all of it has arrived.
bool ServerCodec::dropRest(Bytes& input) {
  const RestOfBody::Event event = rest_->next(input);
  if (event == RestOfBody::Event::kNeedMore) return false;
  rest_ = nullptr;
  const bool whole = event == RestOfBody::Event::kEnd;
  reading_ = whole ? Reading::kWaiting : Reading::kNoMore;
  if (!whole && exchange_ == nullptr) wire_.close(!client_ended_);
  return whole;
}

// Request and response are complete, or the connection has ended.
void ServerCodec::endExchange() {
  const bool cut_short = reading_ == Reading::kBody || reading_ == Reading::kNoMore;
  if (close_after_ || cut_short || !keepsAlive()) {
    reading_ = Reading::kNoMore;
    if (break_off_) return wire_.abort();
    return wire_.close(cut_short && !client_ended_);
  }
  // Responses to a client that pipelines without reading must not fill the memory.
  reading_ = Reading::kWaiting;
  if (wire_.queued() < kMostUnread) nextRequest();
}

void ServerCodec::nextRequest() {
  reading_ = Reading::kNext;
  takeBacklog();
}

}  // namespace weir::http::h1
