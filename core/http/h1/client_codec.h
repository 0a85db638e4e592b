#pragma once

#include <memory>
#include <optional>

#include "core/base/result.h"
#include "core/http/codec.h"
#include "core/http/h1/parser.h"
#include "core/http/h1/unwanted_response.h"

namespace weir::http::h1 {

// HTTP/1 towards an upstream: one exchange at a time.
class ClientCodec final : public http::ClientCodec, private Requester {
 public:
  // `blocks`: the pool of the exchanges' arenas.
  ClientCodec(Wire& wire, ClientCodecEvents& owner, BlockPool& blocks, Limits limits);

  Requester& open(ResponseEvents& events) override;
  std::size_t free() const override { return room() == Room::kIdle ? 1 : 0; }
  Room room() const override {
    if (spent_) return Room::kSpent;
    return exchange_ == nullptr && unwanted_ == nullptr ? Room::kIdle : Room::kFull;
  }
  bool idle() const override { return exchange_ == nullptr; }
  void feed(Bytes bytes) override;
  void onEnd() override;
  void onBroken(Error error) override;
  void onDrained() override;

 private:
  enum class Writing : std::uint8_t {
    kNothing,
    kLength,
    kChunks,
    kAwaitingUpgrade,
    kTunnel,
    kDone
  };

  // Requester
  void sendHead(const Request& request) override;
  void sendBody(Bytes bytes) override;
  void finish(const Headers* trailers) override;
  std::size_t queued() const override { return wire_.queued(); }
  void setReading(bool reading) override { wire_.setReading(reading); }
  void cancel() override;
  void timeOut() override { giveUp(); }

  void startResponse();
  Result<void> checkSwitch(const Response& response) const;
  void onHead();
  void completeResponse(Bytes rest);
  void failResponse(Error error);
  ResponseEvents* detach();
  void giveUp();
  std::unique_ptr<UnwantedResponse> unwantedRest() const;
  void drop(Bytes bytes);
  void closeUnused();

  Wire& wire_;
  ClientCodecEvents& owner_;
  BlockPool& blocks_;
  const Limits limits_;
  ResponseEvents* exchange_ = nullptr;
  std::unique_ptr<UnwantedResponse> unwanted_;  // of the exchange cancelled last
  Parser* parser_ = nullptr;                    // in the exchange's arena
  Method method_ = Method::kGet;
  std::string_view asked_upgrade_;  // in the exchange's arena
  Writing writing_ = Writing::kNothing;
  int informational_ = 0;  // interim responses received
  bool answered_ = false;  // a byte of a response was received
  bool close_after_ = false;
  bool upstream_ended_ = false;  // of a tunnel that is still open in the other direction
  bool spent_ = false;           // takes no further exchange
};

}  // namespace weir::http::h1
