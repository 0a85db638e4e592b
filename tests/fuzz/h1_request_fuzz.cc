#include "tests/fuzz/h1_outcome.h"

// Bytes of a client: read the same way however they are cut, and what reaches an upstream is sound
// and would be read by weir itself as the very same request.
namespace weir::fuzz {
namespace {

using Answers = test::CodecRelay::Answers;

constexpr std::size_t kMostBytes = 16 * 1024;  // byte by byte it must not take for ever

struct Outcome {
  std::string requests;  // that reached an upstream whole, as text
  std::string answers;
  std::string raw;  // the first of the requests, as its bytes
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
  // An answer to HEAD has neither body nor length here, so that any method will do.
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
  // HTTP/1.0 may come without a Host, which HTTP/1.1 may not.
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
