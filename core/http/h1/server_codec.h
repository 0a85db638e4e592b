#pragma once

#include <memory>

#include "core/base/buffer.h"
#include "core/http/codec.h"
#include "core/http/h1/parser.h"

namespace weir::http::h1 {

// HTTP/1 towards a client: one exchange at a time, pipelined requests answered in order.
class ServerCodec final : public http::ServerCodec, private Responder {
 public:
  // `chunks` holds what a client sends ahead of its turn; both outlive the codec.
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

 private:
  enum class Reading : std::uint8_t {
    kNext,     // between requests, or within a head when an exchange is open
    kBody,     // of the request in hand
    kWaiting,  // the request is complete, its answer is not
    kRest,     // the answer is complete, the request is not: see rest_
    kTunnel,
    kNoMore,  // whatever comes is not looked at
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
  Buffer backlog_;            // read, but not yet its turn
  std::unique_ptr<RestOfBody> rest_;
  Reading reading_ = Reading::kNext;
  Writing writing_ = Writing::kNothing;
  // Bits, because a connection at rest is to be small.
  bool head_seen_ : 1 = false;
  bool empty_line_begun_ : 1 = false;  // a CR before a request, whose LF is to come
  bool in_feed_ : 1 = false;
  bool wire_stopped_ : 1 = false;  // we told the wire to stop, for the backlog or for the exchange
  bool body_wanted_ : 1 = true;
  bool draining_ : 1 = false;
  bool close_after_ : 1 = false;
  bool break_off_ : 1 = false;  // a clean end would look like the end of the answer
  bool client_ended_ : 1 = false;
  bool continued_ : 1 = false;  // the client sends its body, whatever it expected
  const Limits limits_;  // a copy: the plan that they are from may go before the connection does
};

}  // namespace weir::http::h1
