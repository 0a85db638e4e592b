#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "core/http/h2/server_codec.h"
#include "core/net/stream.h"
#include "tests/core/http/h2/pair.h"

namespace weir::upstream {

// The endpoint's side of an HTTP/2 connection; the test answers by hand.
class Http2Endpoint final : private net::StreamEvents,
                            private http::Wire,
                            private http::ExchangeSource {
 public:
  Http2Endpoint(event::Loop& loop, std::unique_ptr<net::Stream> stream,
                const http::h2::Options& options)
      : loop_(loop),
        stream_(std::move(stream)),
        codec_(loop, static_cast<http::Wire&>(*this), static_cast<http::ExchangeSource&>(*this),
               options) {
    stream_->setEvents(*this);
    stream_->setReading(true);
  }
  ~Http2Endpoint() override {
    codec_.onBroken({ErrorCode::kReset, Origin::kDownstream, "test ends"});
  }

  test::HeardRequest& heard(std::size_t number) { return *requests_.at(number); }
  std::size_t heardCount() const { return requests_.size(); }
  http::h2::ServerCodec& codec() { return codec_; }
  bool ended() const { return ended_; }

 private:
  void onData(Bytes bytes) override { codec_.feed(bytes); }
  void onEnd() override {
    ended_ = true;
    codec_.onEnd();
  }
  void onDrained() override { codec_.onDrained(); }
  void onBroken(Error error) override { codec_.onBroken(error); }
  void write(Bytes first, Bytes second) override { stream_->write(first, second); }
  std::size_t queued() const override { return stream_->queued(); }
  void setReading(bool) override {}
  void shutdownWrite() override {}
  void close(bool) override { stream_->shutdownWrite(); }
  http::RequestEvents& openExchange(http::Responder& responder) override {
    requests_.push_back(std::make_unique<test::HeardRequest>(loop_.scratch(), responder));
    return *requests_.back();
  }
  void closeExchange(http::RequestEvents&) override {}

  event::Loop& loop_;
  std::unique_ptr<net::Stream> stream_;
  std::vector<std::unique_ptr<test::HeardRequest>> requests_;
  http::h2::ServerCodec codec_;
  bool ended_ = false;
};

}  // namespace weir::upstream
