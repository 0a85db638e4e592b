// gRPC-Web framing with arbitrary bytes: text decodes to the same bytes for every division into
// pieces, and responses always end with a frame of trailers.

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/check.h"
#include "gateway/transform/grpc_web.h"

namespace weir {
namespace {

class Answers final : public filter::Control {
 public:
  void respond(const filter::LocalReply&) override { refused = true; }
  void resume() override {}
  std::string_view clientAddress() override { return {}; }
  bool refused = false;
};

// The body at the upstream, or nothing if it is refused.
std::optional<std::string> decode(Bytes body, std::size_t step) {
  BlockPool blocks(4096);
  Arena arena(blocks);
  http::Request request(arena);
  request.headers.set(http::HeaderId::kContentType, "application/grpc-web-text");
  Answers control;
  const gateway::GrpcWeb::Config config;
  gateway::GrpcWeb filter(config, control);
  filter.onRequest(request);
  std::string decoded;
  while (!control.refused) {
    Bytes piece = body.first(std::min(step, body.size()));
    body = body.subspan(piece.size());
    const bool last = piece.empty();
    filter.onRequestBody(piece, last);
    if (!control.refused) decoded += asText(piece);
    if (last) break;
  }
  if (control.refused) return std::nullopt;
  return decoded;
}

void encode(Bytes body) {
  BlockPool blocks(4096);
  Arena arena(blocks);
  http::Request request(arena);
  request.headers.set(http::HeaderId::kContentType, "application/grpc-web");
  http::Response response(arena);
  response.body = http::BodyKind::kStream;
  Answers control;
  const gateway::GrpcWeb::Config config;
  gateway::GrpcWeb filter(config, control);
  filter.onRequest(request);
  filter.onResponse(response);
  Bytes piece = body;
  filter.onResponseBody(piece, true);
  WEIR_CHECK(asText(piece) == std::string(asText(body)) + std::string("\x80\0\0\0\0", 5));
}

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::Bytes body(reinterpret_cast<const char*>(data), size);
  const auto whole = weir::decode(body, std::max<std::size_t>(size, 1));
  WEIR_CHECK(weir::decode(body, 1) == whole);
  WEIR_CHECK(weir::decode(body, 3) == whole);
  weir::encode(body);
  return 0;
}
