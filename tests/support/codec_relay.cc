#include "tests/support/codec_relay.h"

#include "core/http/h1/client_codec.h"
#include "core/http/h1/server_codec.h"
#include "core/http/status.h"

namespace weir::test {
namespace {

constexpr std::size_t kBlockBytes = 16 * 1024;
constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

// Records whether the connection can be reused.
class UpstreamOwner final : public http::ClientCodecEvents {
 public:
  explicit UpstreamOwner(CodecRelay::Upstream& upstream) : upstream_(upstream) {}
  void onExchangeEnd(bool reusable) override { upstream_.reusable = reusable; }

 private:
  CodecRelay::Upstream& upstream_;
};

}  // namespace

// One request and its response, forwarded as they arrive.
class CodecRelay::Exchange final : public http::RequestEvents, public http::ResponseEvents {
 public:
  Exchange(CodecRelay& relay, http::Responder& responder)
      : relay_(relay),
        responder_(responder),
        arena_(relay.blocks_),
        request_(arena_),
        response_(arena_) {}

  // RequestEvents
  http::Request& request() override { return request_; }
  void onRequestHead() override {
    if (request_.method == http::Method::kConnect) return reply(405);
    upstream_ = &relay_.openUpstream();
    requester_ = &upstream_->codec->open(*this);
    requester_->sendHead(request_);
    if (request_.body == http::BodyKind::kNone) relay_.onRequestWhole(*upstream_);
  }
  void onRequestBody(Bytes bytes) override {
    if (requester_ != nullptr) requester_->sendBody(bytes);
  }
  void onRequestEnd() override {
    if (requester_ == nullptr) return;
    if (tunnel_) {
      requester_->finish(nullptr);
      requester_ = nullptr;
      return endTunnel();
    }
    requester_->finish(&request_.trailers);
    relay_.onRequestWhole(*upstream_);
  }
  void onRequestFailed(Error error) override {
    if (requester_ != nullptr) {
      upstream_->cancelled = true;
      requester_->cancel();
      requester_ = nullptr;
    }
    const bool gone = error.code == ErrorCode::kClosed || error.code == ErrorCode::kReset;
    if (!gone && !answered_) return reply(http::statusForRequest(error));
    responder_.abort();
    responder_.release();
  }
  void onResponseDrained() override {}

  // ResponseEvents
  http::Response& response() override { return response_; }
  void onInformational() override { responder_.sendInformational(response_); }
  void onResponseHead() override {
    answered_ = true;
    tunnel_ = response_.body == http::BodyKind::kTunnel;
    responder_.sendHead(response_);
  }
  void onResponseBody(Bytes bytes) override { responder_.sendBody(bytes); }
  void onResponseEnd() override {
    responder_.finish(&response_.trailers);
    if (tunnel_) {
      upstream_done_ = true;
      return endTunnel();
    }
    requester_ = nullptr;
    responder_.release();
  }
  void onResponseFailed(Error) override {
    requester_ = nullptr;
    if (!answered_) return reply(502);
    responder_.abort();
    responder_.release();
  }
  void onRequestDrained() override {}

 private:
  void endTunnel() {
    if (upstream_done_ && requester_ == nullptr) responder_.release();
  }

  void reply(int status) {
    http::Response local(arena_);
    local.status = status;
    answered_ = true;
    responder_.sendHead(local);
    responder_.finish(nullptr);
    responder_.release();
  }

  CodecRelay& relay_;
  http::Responder& responder_;
  Arena arena_;
  http::Request request_;
  http::Response response_;
  http::Requester* requester_ = nullptr;
  Upstream* upstream_ = nullptr;
  bool answered_ = false;  // the head of the final response was sent
  bool tunnel_ = false;
  bool upstream_done_ = false;
};

CodecRelay::CodecRelay(Answers answers, const http::Limits& limits)
    : answers_(answers),
      limits_(limits),
      blocks_(kBlockBytes),
      server_(std::make_unique<http::h1::ServerCodec>(
          client_, static_cast<http::ExchangeSource&>(*this), blocks_, limits_)) {}

// A codec must outlive its exchange.
CodecRelay::~CodecRelay() {
  if (!client_.closed()) server_->onBroken({ErrorCode::kReset, Origin::kDownstream, "test ends"});
}

void CodecRelay::clientSends(std::string_view bytes) {
  if (!client_.closed()) server_->feed(asBytes(bytes));
}

void CodecRelay::clientEnds() {
  if (!client_.closed()) server_->onEnd();
}

bool CodecRelay::answerOne() {
  if (unanswered_.empty()) return false;
  Upstream& upstream = *unanswered_.front();
  unanswered_.pop_front();
  if (!upstream.cancelled) upstream.codec->feed(asBytes(kAnswer));
  return true;
}

void CodecRelay::upstreamSends(std::string_view bytes) {
  Upstream& upstream = upstreams_.back();
  if (!upstream.wire.closed()) upstream.codec->feed(asBytes(bytes));
}

void CodecRelay::upstreamEnds() {
  Upstream& upstream = upstreams_.back();
  if (!upstream.wire.closed()) upstream.codec->onEnd();
}

void CodecRelay::upstreamBreaks() {
  Upstream& upstream = upstreams_.back();
  if (upstream.wire.closed()) return;
  upstream.codec->onBroken({ErrorCode::kReset, Origin::kUpstream, "connection reset"});
}

bool CodecRelay::idle() const {
  return !client_.closed() && server_->phase() == http::ServerCodec::Phase::kIdle;
}

http::RequestEvents& CodecRelay::openExchange(http::Responder& responder) {
  exchanges_.push_back(std::make_unique<Exchange>(*this, responder));
  return *exchanges_.back();
}

// The exchange is still on the stack; the relay releases its memory.
void CodecRelay::closeExchange(http::RequestEvents&) {}

CodecRelay::Upstream& CodecRelay::openUpstream() {
  Upstream& upstream = upstreams_.emplace_back();
  owners_.push_back(std::make_unique<UpstreamOwner>(upstream));
  upstream.codec =
      std::make_unique<http::h1::ClientCodec>(upstream.wire, *owners_.back(), blocks_, limits_);
  return upstream;
}

void CodecRelay::onRequestWhole(Upstream& upstream) {
  if (answers_ == Answers::kAtOnce) upstream.codec->feed(asBytes(kAnswer));
  if (answers_ == Answers::kWhenTold) unanswered_.push_back(&upstream);
}

}  // namespace weir::test
