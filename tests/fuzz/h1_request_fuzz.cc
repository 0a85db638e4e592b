#include "tests/fuzz/h1_outcome.h"

// Bytes from a client: the result must be the same for every division, and a request at an upstream
// must be valid and parsed by weir itself as the same request.
namespace weir::fuzz {
namespace {

using Answers = test::CodecRelay::Answers;

constexpr std::size_t kMostBytes = 16 * 1024;  // limits the time of the byte-by-byte run

struct Outcome {
  std::string requests;  // complete at an upstream, as text
  std::string answers;
  std::string raw;  // the bytes of the first request
};

Outcome run(std::string_view bytes, std::size_t step) {
  test::CodecRelay relay(Answers::kAtOnce);
  inPieces(bytes, step, [&](std::string_view piece) { relay.clientSends(piece); });
  Outcome outcome;
  for (const test::CodecRelay::Upstream& upstream : relay.upstreams()) {
    std::string_view rest = upstream.wire.text();
    const test::RawMessage message = test::takeRequest(rest);
    WEIR_CHECK(message.has_head && message.fault.empty() && rest.empty());
    WEIR_CHECK(message.fields.front().name == "host" && message.count("host") == 1);
    WEIR_CHECK(!message.whole || !upstream.cancelled);
    if (!message.whole) continue;
    outcome.requests += describe(message);
    if (outcome.raw.empty()) outcome.raw = upstream.wire.text();
  }
  // Responses to HEAD have neither body nor length here, so the method does not matter.
  outcome.answers = answersOf(relay, false);
  return outcome;
}

void check(std::string_view bytes) {
  const Outcome whole = run(bytes, 0);
  for (const std::size_t step : {std::size_t{1}, stepFor(bytes)}) {
    const Outcome cut = run(bytes, step);
    WEIR_CHECK(cut.requests == whole.requests);
    WEIR_CHECK(cut.answers == whole.answers);
  }
  // HTTP/1.0 allows a request without Host, HTTP/1.1 does not.
  if (whole.raw.empty() || whole.raw.find("host: \r\n") != std::string::npos) return;
  const Outcome again = run(whole.raw, 0);
  WEIR_CHECK(again.raw == whole.raw);
}

}  // namespace
}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size <= weir::fuzz::kMostBytes) weir::fuzz::check(weir::fuzz::asText(data, size));
  return 0;
}
