// A server's HTTP/2 connection with arbitrary bytes from a client: no crash, no leak, and every
// exchange that was opened is closed.
//
// The first byte determines the responses and how the input is divided; the preface is fixed.

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/base/check.h"
#include "core/http/h2/server_codec.h"

namespace weir {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

class Sink final : public http::Wire {
 public:
  using http::Wire::write;
  void write(Bytes, Bytes) override {}
  std::size_t queued() const override { return 0; }
  void setReading(bool) override {}
  void shutdownWrite() override {}
  void close(bool) override { closed = true; }
  bool closed = false;
};

enum class Answer : std::uint8_t { kAtHead, kAtEnd, kNever, kAbort };

class Exchange final : public http::RequestEvents {
 public:
  Exchange(BlockPool& blocks, http::Responder& responder, Answer answer)
      : arena_(blocks), request_(arena_), responder_(responder), answer_(answer) {}
  http::Request& request() override { return request_; }
  void onRequestHead() override {
    WEIR_CHECK(!request_.authority.empty() && !request_.method_text.empty());
    if (answer_ == Answer::kAtHead) reply();
    if (answer_ == Answer::kAbort) {
      responder_.abort();
      responder_.release();
    }
  }
  void onRequestBody(Bytes bytes) override { WEIR_CHECK(!bytes.empty()); }
  void onRequestEnd() override {
    if (answer_ == Answer::kAtEnd) reply();
  }
  void onRequestFailed(Error) override { responder_.release(); }
  void onResponseDrained() override {}

 private:
  void reply() {
    http::Response response(arena_);
    response.status = 200;
    response.body = http::BodyKind::kStream;
    responder_.sendHead(response);
    responder_.sendBody(asBytes("hello"));
    responder_.finish(&request_.trailers);
    responder_.release();
  }

  Arena arena_;
  http::Request request_;
  http::Responder& responder_;
  const Answer answer_;
};

class Source final : public http::ExchangeSource {
 public:
  Source(BlockPool& blocks, Answer answer) : blocks_(blocks), answer_(answer) {}
  http::RequestEvents& openExchange(http::Responder& responder) override {
    exchanges_.push_back(std::make_unique<Exchange>(blocks_, responder, answer_));
    ++open_;
    return *exchanges_.back();
  }
  void closeExchange(http::RequestEvents&) override { --open_; }
  int open() const { return open_; }

 private:
  BlockPool& blocks_;
  const Answer answer_;
  std::vector<std::unique_ptr<Exchange>> exchanges_;  // closed ones are still on the stack
  int open_ = 0;
};

void run(Bytes bytes, std::uint8_t choice) {
  event::Loop loop(event::Loop::Time::kManual);
  Sink wire;
  Source source(loop.scratch(), static_cast<Answer>(choice & 3U));
  http::h2::ServerCodec codec(loop, wire, source, http::h2::Options());
  codec.feed(asBytes(kPreface));
  const std::size_t step = (choice >> 2U) + 1U;
  while (!bytes.empty() && !wire.closed) {
    const Bytes piece = bytes.first(std::min(step, bytes.size()));
    bytes = bytes.subspan(piece.size());
    codec.feed(piece);
    loop.runOnce();
  }
  codec.onEnd();
  WEIR_CHECK(source.open() == 0);
  loop.runOnce();
}

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) weir::run({reinterpret_cast<const char*>(data + 1), size - 1}, data[0]);
  return 0;
}
