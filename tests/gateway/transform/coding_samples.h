#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "core/base/random.h"
#include "gateway/transform/coding/decoder.h"
#include "gateway/transform/coding/encoder.h"

namespace weir::gateway {

// A text that compresses to about a third, always the same one for a seed.
inline std::string sampleText(std::size_t size, unsigned seed = 1) {
  Random random(seed);
  std::string text;
  while (text.size() < size) {
    text += "{\"id\":" + std::to_string(random.below(100'000)) + ",\"name\":\"item\"}\n";
  }
  text.resize(size);
  return text;
}

// The complete body; pieces of `step` bytes.
inline std::string encodedBody(ContentCoding coding, std::string_view plain,
                               std::size_t step = 4096) {
  constexpr int kLevel = 4;
  const auto encoder = makeEncoder(coding, kLevel);
  if (!encoder->begin(std::nullopt)) return {};
  std::string encoded;
  std::array<char, 1000> room{};
  bool done = false;
  while (!done) {
    const Bytes in = asBytes(plain.substr(0, step));
    const auto goal = plain.empty() ? Encoder::Goal::kEnd : Encoder::Goal::kRead;
    const Encoder::Step did = encoder->encode(in, room, goal);
    plain.remove_prefix(did.read);
    encoded.append(room.data(), did.written);
    done = goal == Encoder::Goal::kEnd && did.done;
  }
  return encoded;
}

// What can be decoded of it; nothing if it is malformed. `complete`: whether it ends there.
inline std::optional<std::string> decodedBody(ContentCoding coding, std::string_view encoded,
                                              std::size_t step = 4096, bool* complete = nullptr) {
  const auto decoder = makeDecoder(coding);
  std::string plain;
  std::array<char, 1000> room{};
  bool more = false;
  Decoder::State state = Decoder::State::kInside;
  while (more || !encoded.empty()) {
    const Decoder::Step did = decoder->decode(asBytes(encoded.substr(0, step)), room);
    if (did.state == Decoder::State::kInvalid) return std::nullopt;
    state = did.state;
    encoded.remove_prefix(did.read);
    plain.append(room.data(), did.written);
    more = did.written == room.size();
  }
  if (complete != nullptr) *complete = state == Decoder::State::kBetween;
  return plain;
}

}  // namespace weir::gateway
