#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace weir::net {

// The table for Castagnoli's polynomial, reflected (RFC 9260, appendix A).
constexpr std::array<std::uint32_t, 256> makeCrc32cTable() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 1U) != 0 ? value >> 1U ^ 0x82F63B78U : value >> 1U;
    }
    table[i] = value;
  }
  return table;
}
inline constexpr std::array<std::uint32_t, 256> kCrc32cTable = makeCrc32cTable();

// The checksum of `text`, whose four bytes at `hole`, the checksum itself, count as zeros.
inline std::uint32_t crc32cWithHole(std::string_view text, std::size_t hole) {
  std::uint32_t value = 0xFFFFFFFFU;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned byte = i >= hole && i < hole + 4 ? 0U : static_cast<unsigned char>(text[i]);
    value = kCrc32cTable[(value ^ byte) & 0xFFU] ^ value >> 8U;
  }
  return ~value;
}

}  // namespace weir::net
