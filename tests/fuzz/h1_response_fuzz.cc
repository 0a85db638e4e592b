#include "tests/fuzz/h1_outcome.h"

// Bytes from an upstream: the result must be the same for every division, and the client must
// always receive valid messages.
namespace weir::fuzz {
namespace {

using Answers = test::CodecRelay::Answers;

constexpr std::size_t kMostBytes = 16 * 1024;  // limits the time of the byte-by-byte run

constexpr std::string_view kRequests[] = {
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
};

std::string run(std::string_view request, std::string_view bytes, std::size_t step) {
  test::CodecRelay relay(Answers::kNever);
  relay.clientSends(request);
  inPieces(bytes, step, [&](std::string_view piece) { relay.upstreamSends(piece); });
  relay.upstreamEnds();
  return answersOf(relay, request.starts_with("HEAD"));
}

void check(std::string_view bytes) {
  for (const std::string_view request : kRequests) {
    const std::string whole = run(request, bytes, 0);
    WEIR_CHECK(run(request, bytes, 1) == whole);
    WEIR_CHECK(run(request, bytes, stepFor(bytes)) == whole);
  }
}

}  // namespace
}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size <= weir::fuzz::kMostBytes) weir::fuzz::check(weir::fuzz::asText(data, size));
  return 0;
}
