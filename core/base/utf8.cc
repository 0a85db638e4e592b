#include "core/base/utf8.h"

#include <algorithm>
#include <cstdint>

#include "core/base/short_text.h"

namespace weir {
namespace {

bool isContinuation(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
}

// True if the second byte is in the range that a first byte of 0xE0 and more permits.
bool isSecondByte(unsigned char first, unsigned char second) {
  switch (first) {
    case 0xE0:
      return second >= 0xA0;
    case 0xED:
      return second <= 0x9F;
    case 0xF0:
      return second >= 0x90;
    case 0xF4:
      return second <= 0x8F;
    default:
      return true;
  }
}

// The number of bytes at the front, in steps of eight and then singly, that are ASCII.
std::size_t asciiLength(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080U;
  std::size_t at = 0;
  while (at + sizeof(std::uint64_t) <= text.size() &&
         (loadWord<std::uint64_t>(text.data() + at) & kHighBits) == 0) {
    at += sizeof(std::uint64_t);
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
  return at;
}

}  // namespace

std::size_t sequenceLength(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0xC2 || first > 0xF4 || !isContinuation(text, 1)) return 0;
  if (first <= 0xDF) return 2;
  if (!isContinuation(text, 2) || !isSecondByte(first, static_cast<unsigned char>(text[1]))) {
    return 0;
  }
  if (first <= 0xEF) return 3;
  return isContinuation(text, 3) ? 4 : 0;
}

std::string_view cutText(std::string_view text, std::size_t size) {
  if (text.size() <= size) return text;
  constexpr std::size_t kLongestRest = 3;
  std::size_t end = size;
  for (std::size_t i = 0; i < kLongestRest && end > 0 && isContinuation(text, end); ++i) --end;
  return text.substr(0, isContinuation(text, end) ? size : end);
}

char* copyAsUtf8(char* to, std::string_view text, char other) {
  while (true) {
    const std::size_t plain = asciiLength(text);
    to = putText(to, text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) return to;
    const std::size_t length = sequenceLength(text);
    if (length == 0) {
      *to++ = other;
    } else {
      to = std::copy_n(text.data(), length, to);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

}  // namespace weir
