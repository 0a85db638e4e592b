#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/check.h"
#include "tests/support/codec_relay.h"
#include "tests/support/raw_message.h"

// The outcome of bytes that pass through both codecs, as text for comparison.
namespace weir::fuzz {

inline std::string_view asText(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Calls `take` with pieces of `step` bytes; 0: with all bytes at once.
template <typename Take>
void inPieces(std::string_view bytes, std::size_t step, Take take) {
  if (step == 0) step = bytes.size();
  while (!bytes.empty()) {
    take(bytes.substr(0, step));
    bytes.remove_prefix(step < bytes.size() ? step : bytes.size());
  }
}

// A size of pieces that depends only on the input.
inline std::size_t stepFor(std::string_view bytes) {
  std::size_t sum = bytes.size();
  for (const char c : bytes) sum = sum * 31 + static_cast<unsigned char>(c);
  return 2 + sum % 61;
}

inline std::string describe(const test::RawMessage& message) {
  std::string text = message.start_line + "\n";
  for (const test::RawField& field : message.fields) text += field.name + ": " + field.value + "\n";
  text += "\n" + message.body + "\n";
  for (const test::RawField& field : message.trailers) {
    text += field.name + ": " + field.value + "\n";
  }
  return text + (message.whole ? "whole\n" : "part\n");
}

// The responses that the client received. Each must be one valid message.
inline std::string answersOf(const test::CodecRelay& relay, bool to_head) {
  std::string text;
  std::string_view bytes = relay.client().text();
  const bool closed = relay.client().closed();
  while (!bytes.empty()) {
    const test::RawMessage message =
        test::takeResponse(bytes, {.to_head = to_head, .closed = closed});
    WEIR_CHECK(message.fault.empty() && message.has_head);
    text += describe(message);
    if (message.status() == 101) return text + std::string(bytes);
    if (!message.whole) break;
  }
  return text + (closed ? "closed\n" : "open\n");
}

}  // namespace weir::fuzz
