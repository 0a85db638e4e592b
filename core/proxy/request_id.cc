#include "core/proxy/request_id.h"

#include <array>
#include <cstdint>

namespace weir::proxy {
namespace {

constexpr std::size_t kLength = 36;

constexpr std::array<char, 512> makePairs() {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::array<char, 512> pairs{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    pairs[2 * byte] = kHex[byte >> 4U];
    pairs[2 * byte + 1] = kHex[byte & 15U];
  }
  return pairs;
}

constexpr std::array<char, 512> kPairs = makePairs();

}  // namespace

std::string_view makeRequestId(Random& random, Arena& arena) {
  std::array<std::uint64_t, 2> bits = {random.next(), random.next()};
  // Version and variant, in the 7th and 9th byte.
  bits[0] = (bits[0] & ~(std::uint64_t{0xF0} << 48U)) | (std::uint64_t{0x40} << 48U);
  bits[1] = (bits[1] & ~std::uint64_t{0xC0}) | 0x80U;
  char* const text = arena.allocate(kLength);
  char* to = text;
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *to++ = '-';
    const std::size_t byte = (bits[i / 8] >> (8 * (i % 8))) & 0xFFU;
    *to++ = kPairs[2 * byte];
    *to++ = kPairs[2 * byte + 1];
  }
  return {text, kLength};
}

}  // namespace weir::proxy
