#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace weir {

// Short texts, eight bytes at a time: most header names and values are too short to justify a call
// of memcpy or a loop over their bytes.

template <typename Word>
Word loadWord(const char* from) {
  Word word = 0;
  std::memcpy(&word, from, sizeof word);
  return word;
}

template <typename Word>
void storeWord(char* to, Word word) {
  std::memcpy(to, &word, sizeof word);
}

// The bytes of a text of at most 8, the first one lowest, padded with zeros (little-endian).
inline std::uint64_t shortWord(const char* from, std::size_t size) {
  if (size >= 8) return loadWord<std::uint64_t>(from);
  if (size >= 4) {
    const std::uint64_t low = loadWord<std::uint32_t>(from);
    const std::uint64_t high = loadWord<std::uint32_t>(from + size - 4);
    return low | high << (8 * (size - 4));
  }
  if (size == 0) return 0;
  const auto at = [&](std::size_t i) -> std::uint64_t {
    return static_cast<std::uint64_t>(static_cast<unsigned char>(from[i])) << (8 * i);
  };
  return at(0) | at(size / 2) | at(size - 1);
}

// Converts its capital letters (ASCII) to lower case.
constexpr std::uint64_t lowerWord(std::uint64_t word) {
  constexpr std::uint64_t kEach = 0x0101010101010101U;
  const std::uint64_t low_bits = word & (kEach * 0x7F);
  const std::uint64_t from_a = low_bits + kEach * (0x80 - 'A');
  const std::uint64_t after_z = low_bits + kEach * (0x7F - 'Z');
  const std::uint64_t capital = from_a & ~after_z & ~word & (kEach * 0x80);
  return word | capital >> 2U;
}

// A literal: the compiler knows its length.
template <std::size_t kSize>
char* putLiteral(char* to, const char (&text)[kSize]) {
  std::memcpy(to, text, kSize - 1);
  return to + kSize - 1;
}

// Copies `text` and returns the end of the copy. The texts do not overlap.
[[gnu::always_inline]] inline char* putText(char* to, std::string_view text) {
  const std::size_t size = text.size();
  const char* from = text.data();
  if (size > 32) {
    std::memcpy(to, from, size);
  } else if (size >= 16) {
    std::memcpy(to, from, 16);
    std::memcpy(to + size - 16, from + size - 16, 16);
  } else if (size >= 8) {
    const auto last = loadWord<std::uint64_t>(from + size - 8);
    storeWord(to, loadWord<std::uint64_t>(from));
    storeWord(to + size - 8, last);
  } else if (size >= 4) {
    const auto last = loadWord<std::uint32_t>(from + size - 4);
    storeWord(to, loadWord<std::uint32_t>(from));
    storeWord(to + size - 4, last);
  } else if (size > 0) {
    to[0] = from[0];
    to[size / 2] = from[size / 2];
    to[size - 1] = from[size - 1];
  }
  return to + size;
}

}  // namespace weir
