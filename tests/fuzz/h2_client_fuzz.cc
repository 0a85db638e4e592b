// A client's HTTP/2 connection with arbitrary bytes from an upstream: every call ends exactly once.
//
// The first byte determines the number of open calls and how the input is divided.

#include <cstdint>
#include <deque>
#include <string_view>

#include "core/base/check.h"
#include "core/http/h2/client_codec.h"

namespace weir {
namespace {

constexpr char kSettings[] = {0, 0, 0, 4, 0, 0, 0, 0, 0};  // defaults only

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

class Call final : public http::ResponseEvents {
 public:
  explicit Call(BlockPool& blocks) : arena_(blocks), response_(arena_) {}
  http::Response& response() override { return response_; }
  void onInformational() override { WEIR_CHECK(!ended && response_.status < 200); }
  void onResponseHead() override {
    WEIR_CHECK(!ended && response_.status >= 200 && response_.status < 600);
  }
  void onResponseBody(Bytes bytes) override { WEIR_CHECK(!ended && !bytes.empty()); }
  void onResponseEnd() override { end(); }
  void onResponseFailed(Error) override { end(); }
  void onRequestDrained() override {}
  bool ended = false;

 private:
  void end() {
    WEIR_CHECK(!ended);
    ended = true;
  }

  Arena arena_;
  http::Response response_;
};

class Owner final : public http::ClientCodecEvents {
 public:
  void onExchangeEnd(bool) override {}
};

void run(Bytes bytes, std::uint8_t choice) {
  event::Loop loop(event::Loop::Time::kManual);
  Sink wire;
  Owner owner;
  http::h2::ClientCodec codec(loop, wire, owner, http::h2::Options(), "http");
  Arena arena(loop.scratch());
  http::Request request(arena);
  request.method_text = "GET";
  request.authority = "a";
  request.path = "/";
  std::deque<Call> calls;
  codec.feed(kSettings);  // no request is sent before the upstream's SETTINGS are known
  for (unsigned i = 0; i <= (choice & 3U); ++i) {
    codec.open(calls.emplace_back(loop.scratch())).sendHead(request);
  }
  loop.runOnce();
  const std::size_t step = (choice >> 2U) + 1U;
  while (!bytes.empty() && !wire.closed) {
    const Bytes piece = bytes.first(std::min(step, bytes.size()));
    bytes = bytes.subspan(piece.size());
    codec.feed(piece);
    loop.runOnce();
  }
  codec.onEnd();
  for (const Call& call : calls) WEIR_CHECK(call.ended);
  WEIR_CHECK(codec.idle());
  loop.runOnce();
}

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) weir::run({reinterpret_cast<const char*>(data + 1), size - 1}, data[0]);
  return 0;
}
