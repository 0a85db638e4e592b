#include "core/proxy/request_id.h"

#include <array>
#include <cstdint>

#include "core/base/short_text.h"

namespace weir::proxy {
namespace {

constexpr std::size_t kLength = 36;

// The eight hexadecimal digits of four bytes, lowest byte first.
std::uint64_t hexDigits(std::uint32_t bytes) {
  constexpr std::uint64_t kEach = 0x0101010101010101U;
  std::uint64_t spread = bytes;
  spread = (spread | spread << 16U) & 0x0000FFFF0000FFFFU;
  spread = (spread | spread << 8U) & 0x00FF00FF00FF00FFU;
  const std::uint64_t digits = (spread >> 4U & 0x000F000F000F000FU) | (spread & 0x000F000F000F000FU)
                                                                          << 8U;
  const std::uint64_t letters = (digits + kEach * 6) >> 4U & kEach;  // 1 if the digit exceeds 9
  return digits + kEach * '0' + letters * ('a' - '0' - 10);
}

}  // namespace

std::string_view makeRequestId(Random& random, Arena& arena) {
  std::array<std::uint64_t, 2> bits = {random.next(), random.next()};
  // Version and variant, in the 7th and 9th byte.
  bits[0] = (bits[0] & ~(std::uint64_t{0xF0} << 48U)) | (std::uint64_t{0x40} << 48U);
  bits[1] = (bits[1] & ~std::uint64_t{0xC0}) | 0x80U;
  char* const text = arena.allocate(kLength);
  // 8-4-4-4-12: a dash splits the second and the third group of eight digits.
  const std::uint64_t second = hexDigits(static_cast<std::uint32_t>(bits[0] >> 32U));
  const std::uint64_t third = hexDigits(static_cast<std::uint32_t>(bits[1]));
  storeWord(text, hexDigits(static_cast<std::uint32_t>(bits[0])));
  text[8] = '-';
  storeWord(text + 9, static_cast<std::uint32_t>(second));
  text[13] = '-';
  storeWord(text + 14, static_cast<std::uint32_t>(second >> 32U));
  text[18] = '-';
  storeWord(text + 19, static_cast<std::uint32_t>(third));
  text[23] = '-';
  storeWord(text + 24, static_cast<std::uint32_t>(third >> 32U));
  storeWord(text + 28, hexDigits(static_cast<std::uint32_t>(bits[1] >> 32U)));
  return {text, kLength};
}

}  // namespace weir::proxy
