// The decoders with arbitrary bytes: every division into pieces yields the same output and the same
// verdict, and no step produces more than its room.

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "core/base/check.h"
#include "gateway/transform/coding/decoder.h"

namespace weir::gateway {
namespace {

constexpr std::size_t kMostOutput = 1024 * 1024;

struct Outcome {
  std::string plain;
  bool valid = true;
  bool complete = false;
  bool cut = false;  // by kMostOutput
};

Outcome decode(ContentCoding coding, Bytes in, std::size_t step, std::size_t room_size) {
  const auto decoder = makeDecoder(coding);
  WEIR_CHECK(decoder != nullptr);
  Outcome outcome;
  std::array<char, 4096> room{};
  bool more = false;
  while (more || !in.empty()) {
    const Bytes piece = in.first(std::min(step, in.size()));
    const Decoder::Step did = decoder->decode(piece, {room.data(), room_size});
    WEIR_CHECK(did.read <= piece.size() && did.written <= room_size);
    outcome.valid = did.state != Decoder::State::kInvalid;
    if (!outcome.valid) return outcome;
    const bool stuck = did.read == 0 && did.written == 0 && !piece.empty();
    if (stuck) return outcome;
    in = in.subspan(did.read);
    outcome.plain.append(room.data(), did.written);
    outcome.complete = did.state == Decoder::State::kBetween;
    more = did.written == room_size;
    outcome.cut = outcome.plain.size() > kMostOutput;
    if (outcome.cut) return outcome;
  }
  return outcome;
}

void compare(ContentCoding coding, Bytes in) {
  const Outcome whole = decode(coding, in, std::max<std::size_t>(in.size(), 1), 4096);
  const Outcome bytewise = decode(coding, in, 1, 100);
  if (whole.cut || bytewise.cut) return;
  WEIR_CHECK(whole.valid == bytewise.valid);
  if (!whole.valid) return;
  WEIR_CHECK(whole.plain == bytewise.plain && whole.complete == bytewise.complete);
}

}  // namespace
}  // namespace weir::gateway

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using weir::gateway::ContentCoding;
  const weir::Bytes in(reinterpret_cast<const char*>(data), size);
  for (const ContentCoding coding :
       {ContentCoding::kGzip, ContentCoding::kBr, ContentCoding::kZstd}) {
    weir::gateway::compare(coding, in);
  }
  return 0;
}
