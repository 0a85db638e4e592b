#pragma once

#include <memory>

#include "core/base/buffer.h"
#include "core/http/codec.h"
#include "core/http/h1/parser.h"

namespace weir::http::h1 {

// HTTP/1 towards a client: one exchange at a time, pipelined requests answered in order.
class ServerCodec final : public http::ServerCodec, private Responder {
 public:
  // `chunks`: memory for input that arrives before its turn. The references outlive the codec.
  ServerCodec(Wire& wire, ExchangeSource& exchanges, BlockPool& chunks, Limits limits);
  ~ServerCodec() override;

  void feed(Bytes bytes) override;
  void onEnd() override;
  void onBroken(Error error) override;
  void onDrained() override;
  bool drain() override {
    draining_ = true;
    return phase() == Phase::kIdle;
  }
  void closeIdle() override { wire_.close(rest_ != nullptr); }
  void failHead(Error error) override;
  Phase phase() const override;
  void forEachExchange(const std::function<void(RequestEvents&)>& visit) const override {
    if (exchange_ != nullptr) visit(*exchange_);
  }

 private:
  enum class Reading : std::uint8_t {
    kNext,     // between requests, or within a head when an exchange is open
    kBody,     // of the current request
    kWaiting,  // the request is complete, its response is not
    kRest,     // the response is complete, the request is not: see rest_
    kTunnel,
    kNoMore,  // further input is ignored
  };
  enum class Writing : std::uint8_t { kNothing, kLength, kChunks, kUntilClose, kTunnel, kFinished };

  // Responder
  void sendBody(Bytes bytes) override;
  void finish(const Headers* trailers) override;
  std::size_t queued() const override { return wire_.queued(); }
  void setReading(bool reading) override;
  void sendInformational(const Response& response) override;
  void sendHead(const Response& response) override;
  void abort() override;
  void release() override;

  bool mayRead() const;
  void consume(Bytes& input);
  void takeBacklog();
  void resumeWire();
  bool mayReadRest() const;
  void startRest();
  bool dropRest(Bytes& input);
  void endExchange();
  void nextRequest();
  bool openExchange(Bytes& input);
  bool consumePart(Bytes& input);
  void onEvent(Parser::Event event);
  void onHead();
  void onRequestComplete();
  void failRequest(Error error);
  void decideFraming(const Response& response);
  bool keepsAlive() const;
  Arena& arena() { return exchange_->request().headers.arena(); }

  Wire& wire_;
  ExchangeSource& exchanges_;
  RequestEvents* exchange_ = nullptr;
  Parser* parser_ = nullptr;  // in the exchange's arena
  Buffer backlog_;            // received, but not processed yet
  std::unique_ptr<RestOfBody> rest_;
  Reading reading_ = Reading::kNext;
  Writing writing_ = Writing::kNothing;
  // Bit fields keep an idle connection small.
  bool head_seen_ : 1 = false;
  bool empty_line_begun_ : 1 = false;  // a CR before a request, whose LF is expected
  bool in_feed_ : 1 = false;
  bool wire_stopped_ : 1 = false;  // reading was paused, because of the backlog or by the exchange
  bool body_wanted_ : 1 = true;
  bool draining_ : 1 = false;
  bool close_after_ : 1 = false;
  bool break_off_ : 1 = false;  // a clean close would look like the end of the response
  bool client_ended_ : 1 = false;
  bool continued_ : 1 = false;  // a 100 was sent, or bytes of the body arrived
  const Limits limits_;         // a copy: their plan may be destroyed before the connection
};

}  // namespace weir::http::h1
