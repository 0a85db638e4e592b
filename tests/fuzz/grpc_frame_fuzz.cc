// gRPC framing with arbitrary bytes: every division into pieces gives the same messages and the
// same end, and no message exceeds the limit.

#include <algorithm>
#include <cstdint>
#include <string>

#include "core/base/check.h"
#include "core/http/grpc_frame.h"

namespace weir {
namespace {

constexpr std::size_t kMostBytes = 1000;

// Every message with its length, and how the body ended.
std::string read(Bytes body, std::size_t step) {
  using Event = http::GrpcFrameReader::Event;
  http::GrpcFrameReader reader(kMostBytes);
  std::string found;
  while (!body.empty()) {
    Bytes piece = body.first(std::min(step, body.size()));
    body = body.subspan(piece.size());
    Event event = Event::kMessage;
    while ((event = reader.next(piece)) == Event::kMessage) {
      WEIR_CHECK(reader.message().size() <= kMostBytes);
      found += std::to_string(reader.message().size()) + ":";
      found.append(asText(reader.message()));
    }
    if (event != Event::kNeedMore)
      return found + "failed " + std::to_string(static_cast<int>(event));
    WEIR_CHECK(piece.empty());
  }
  return found + (reader.complete() ? "complete" : "truncated");
}

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::Bytes body(reinterpret_cast<const char*>(data), size);
  const std::string whole = weir::read(body, std::max<std::size_t>(size, 1));
  WEIR_CHECK(weir::read(body, 1) == whole);
  WEIR_CHECK(weir::read(body, 4) == whole);
  return 0;
}
