#include "core/base/ip_range.h"

#include <algorithm>
#include <cstring>
#include <endian.h>
#include <string>

#include "core/base/number.h"

namespace weir {
namespace {

constexpr int kV4Start = 96;  // bits before the IPv4 address in ::ffff:a.b.c.d

// The bits of byte `index` in the prefix.
std::uint8_t maskOf(int prefix_bits, int index) {
  const int bits = std::clamp(prefix_bits - index * 8, 0, 8);
  return static_cast<std::uint8_t>(0xFF00 >> bits);
}

constexpr int kWordBits = 64;

// Eight bytes in network order as a number.
std::uint64_t wordOf(const IpAddress& address, std::size_t at) {
  std::uint64_t word = 0;
  std::memcpy(&word, &address.bytes()[at], sizeof(word));
  return be64toh(word);
}

// The first `bits` bits; also for a negative number, and for more than there are.
std::uint64_t maskOfWord(int bits) {
  if (bits <= 0) return 0;
  return bits >= kWordBits ? ~std::uint64_t{0} : ~(~std::uint64_t{0} >> bits);
}

}  // namespace

std::optional<IpRange> IpRange::parse(std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const auto network = IpAddress::parse(text.substr(0, slash));
  if (!network.ok()) return std::nullopt;
  const int first_bit =
      network.value().isV4() && text.find(':') == std::string_view::npos ? kV4Start : 0;
  IpRange range;
  range.network_ = network.value();
  range.prefix_bits_ = 128;
  if (slash < text.size()) {
    const auto bits = parseNumber<int>(text.substr(slash + 1));
    if (!bits || *bits > 128 - first_bit) return std::nullopt;
    range.prefix_bits_ = first_bit + *bits;
  }
  for (int i = 0; i < 16; ++i) {
    const std::uint8_t byte = range.network_.bytes()[static_cast<std::size_t>(i)];
    if ((byte & ~maskOf(range.prefix_bits_, i)) != 0) return std::nullopt;
  }
  return range;
}

std::string IpRange::toString() const {
  const int first_bit = network_.isV4() ? kV4Start : 0;  // the prefix of the mapping is included
  return network_.text() + "/" + std::to_string(prefix_bits_ - first_bit);
}

bool IpRange::contains(const IpAddress& address) const {
  const std::uint64_t high = wordOf(address, 0) ^ wordOf(network_, 0);
  const std::uint64_t low = wordOf(address, 8) ^ wordOf(network_, 8);
  return ((high & maskOfWord(prefix_bits_)) | (low & maskOfWord(prefix_bits_ - kWordBits))) == 0;
}

}  // namespace weir
