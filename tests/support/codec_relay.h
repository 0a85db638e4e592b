#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/arena.h"
#include "core/http/codec.h"
#include "core/http/limits.h"
#include "tests/support/recording_wire.h"

namespace weir::test {

// A client and as many upstream connections as there are requests, with the HTTP/1 codecs of both
// sides between them and nothing else: no routes, no filters, no timers. Everything is recorded.
class CodecRelay final : private http::ExchangeSource {
 public:
  // When the upstream answers "200" to a request that reached it whole.
  enum class Answers { kAtOnce, kWhenTold, kNever };

  // One connection to the upstream; it carries one request.
  struct Upstream {
    RecordingWire wire;
    std::unique_ptr<http::ClientCodec> codec;
    bool cancelled = false;  // given up by the exchange
    bool reusable = false;   // said so when the exchange ended
  };

  explicit CodecRelay(Answers answers, const http::Limits& limits = {});
  ~CodecRelay() override;

  void clientSends(std::string_view bytes);
  void clientEnds();
  // Answers what waits for it, with kWhenTold. True when there was something.
  bool answerOne();

  // The connection of the latest request. There must be one.
  void upstreamSends(std::string_view bytes);
  void upstreamEnds();
  void upstreamBreaks();

  const RecordingWire& client() const { return client_; }
  const std::deque<Upstream>& upstreams() const { return upstreams_; }
  bool idle() const;  // the client may send a request
  std::size_t memory() const { return blocks_.lent() * blocks_.blockBytes(); }  // of arenas, bytes

 private:
  class Exchange;

  http::RequestEvents& openExchange(http::Responder& responder) override;
  void closeExchange(http::RequestEvents& exchange) override;
  Upstream& openUpstream();
  void onRequestWhole(Upstream& upstream);

  const Answers answers_;
  const http::Limits limits_;
  BlockPool blocks_;
  RecordingWire client_;
  std::deque<Upstream> upstreams_;
  std::vector<std::unique_ptr<http::ClientCodecEvents>> owners_;
  std::deque<Upstream*> unanswered_;
  std::vector<std::unique_ptr<Exchange>> exchanges_;  // the closed ones too
  std::unique_ptr<http::ServerCodec> server_;
};

}  // namespace weir::test
