#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// Short texts, eight bytes at a time.
namespace weir::route {

inline std::uint64_t loadWord(const char* from) {
  std::uint64_t word = 0;
  std::memcpy(&word, from, sizeof word);
  return word;
}

inline std::uint64_t loadHalfWord(const char* from) {
  std::uint32_t word = 0;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// The last eight bytes of a text as a word. A shorter text is represented completely: texts of the
// same length have different words.
inline std::uint64_t lastWord(std::string_view text) {
  const char* const start = text.data();
  const std::size_t size = text.size();
  if (size >= 8) return loadWord(start + size - 8);
  if (size >= 4) return loadHalfWord(start) << 32 | loadHalfWord(start + size - 4);
  if (size == 0) return 0;
  const auto byte = [start](std::size_t at) {
    return std::uint64_t{static_cast<unsigned char>(start[at])};
  };
  return byte(0) << 16 | byte(size / 2) << 8 | byte(size - 1);
}

inline constexpr std::uint64_t kEachByte = 0x0101010101010101U;

// The position of the first `byte` at or after `from`; the size if there is none. For texts of a
// few bytes.
inline std::size_t findByte(std::string_view text, char byte, std::size_t from) {
  std::size_t at = from;
  if constexpr (std::endian::native == std::endian::little) {
    for (; at + 8 <= text.size(); at += 8) {
      const std::uint64_t other =
          loadWord(&text[at]) ^ kEachByte * static_cast<unsigned char>(byte);
      const std::uint64_t zero = (other - kEachByte) & ~other & kEachByte * 0x80;
      if (zero != 0) return at + static_cast<std::size_t>(std::countr_zero(zero)) / 8;
    }
  }
  while (at < text.size() && text[at] != byte) ++at;
  return at;
}

}  // namespace weir::route
