#include "core/base/ip_range.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <endian.h>
#include <string>

#include "core/base/number.h"

namespace weir {
namespace {

constexpr int kV4Start = 96;  // bits before the IPv4 address in ::ffff:a.b.c.d

bool isV4(const IpAddress& address) {
  constexpr std::array<std::uint8_t, 12> kStart = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  return std::equal(kStart.begin(), kStart.end(), address.bytes.begin());
}

// The bits of byte `index` in the prefix.
std::uint8_t maskOf(int prefix_bits, int index) {
  const int bits = std::clamp(prefix_bits - index * 8, 0, 8);
  return static_cast<std::uint8_t>(0xFF00 >> bits);
}

constexpr int kWordBits = 64;

// Eight bytes in network order as a number.
std::uint64_t wordOf(const IpAddress& address, std::size_t at) {
  std::uint64_t word = 0;
  std::memcpy(&word, &address.bytes[at], sizeof(word));
  return be64toh(word);
}

// The first `bits` bits; also for a negative number, and for more than there are.
std::uint64_t maskOfWord(int bits) {
  if (bits <= 0) return 0;
  return bits >= kWordBits ? ~std::uint64_t{0} : ~(~std::uint64_t{0} >> bits);
}

}  // namespace

IpAddress IpAddress::fromV4(const void* network_order) {
  IpAddress address;
  address.bytes[10] = 0xFF;
  address.bytes[11] = 0xFF;
  std::memcpy(&address.bytes[12], network_order, 4);
  return address;
}

IpAddress IpAddress::fromV6(const void* network_order) {
  IpAddress address;
  std::memcpy(address.bytes.data(), network_order, address.bytes.size());
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size()) return std::nullopt;
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  std::copy(text.begin(), text.end(), terminated.begin());
  std::array<std::uint8_t, 16> bytes{};
  if (inet_pton(AF_INET, terminated.data(), bytes.data()) == 1) return fromV4(bytes.data());
  if (inet_pton(AF_INET6, terminated.data(), bytes.data()) == 1) return fromV6(bytes.data());
  return std::nullopt;
}

std::optional<IpRange> IpRange::parse(std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const auto network = IpAddress::parse(text.substr(0, slash));
  if (!network) return std::nullopt;
  const int first_bit = isV4(*network) && text.find(':') == std::string_view::npos ? kV4Start : 0;
  IpRange range;
  range.network_ = *network;
  range.prefix_bits_ = 128;
  if (slash < text.size()) {
    const auto bits = parseNumber<int>(text.substr(slash + 1));
    if (!bits || *bits > 128 - first_bit) return std::nullopt;
    range.prefix_bits_ = first_bit + *bits;
  }
  for (int i = 0; i < 16; ++i) {
    const std::uint8_t byte = network->bytes[static_cast<std::size_t>(i)];
    if ((byte & ~maskOf(range.prefix_bits_, i)) != 0) return std::nullopt;
  }
  return range;
}

std::string IpRange::toString() const {
  const bool v4 = isV4(network_) && prefix_bits_ >= kV4Start;
  std::array<char, INET6_ADDRSTRLEN> text{};
  const std::uint8_t* const from = &network_.bytes[v4 ? 12 : 0];
  inet_ntop(v4 ? AF_INET : AF_INET6, from, text.data(), text.size());
  return std::string(text.data()) + "/" + std::to_string(prefix_bits_ - (v4 ? kV4Start : 0));
}

bool IpRange::contains(const IpAddress& address) const {
  const std::uint64_t high = wordOf(address, 0) ^ wordOf(network_, 0);
  const std::uint64_t low = wordOf(address, 8) ^ wordOf(network_, 8);
  return ((high & maskOfWord(prefix_bits_)) | (low & maskOfWord(prefix_bits_ - kWordBits))) == 0;
}

}  // namespace weir
