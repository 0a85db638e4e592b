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

// A client and one upstream connection per request, connected by the HTTP/1 codecs of both sides
// and nothing else: no routes, no filters, no timers. Everything is recorded.
class CodecRelay final : private http::ExchangeSource {
 public:
  // When the upstream answers "200" to a complete request.
  enum class Answers { kAtOnce, kWhenTold, kNever };

  // One connection to the upstream; it carries one request.
  struct Upstream {
    RecordingWire wire;
    std::unique_ptr<http::ClientCodec> codec;
    bool cancelled = false;  // aborted by the exchange
    bool reusable = false;   // reported as reusable at the end of the exchange
  };

  explicit CodecRelay(Answers answers, const http::Limits& limits = {});
  ~CodecRelay() override;

  void clientSends(std::string_view bytes);
  void clientEnds();
  // With kWhenTold, answers one waiting request. True if there was one.
  bool answerOne();

  // Sends bytes on the connection of the latest request. There must be one.
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
  std::vector<std::unique_ptr<Exchange>> exchanges_;  // including the closed ones
  std::unique_ptr<http::ServerCodec> server_;
};

}  // namespace weir::test
