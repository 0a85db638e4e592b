#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

// An IPv4 or IPv6 address; IPv4 as ::ffff:a.b.c.d. All zeros if there is none (Unix sockets).
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  static std::optional<IpAddress> parse(std::string_view text);
  static IpAddress fromV4(const void* network_order);  // 4 bytes
  static IpAddress fromV6(const void* network_order);  // 16 bytes
  bool operator==(const IpAddress&) const = default;
};

// "10.0.0.0/8", "2001:db8::/32", or one address. Bits after the prefix must be zero.
class IpRange {
 public:
  static std::optional<IpRange> parse(std::string_view text);

  bool contains(const IpAddress& address) const;
  const IpAddress& network() const { return network_; }  // its first address
  int prefixBits() const { return prefix_bits_; }        // of 128; IPv4 counts from 96
  bool operator==(const IpRange&) const = default;
  std::string toString() const;  // the IPv6 form: "::ffff:10.0.0.0/104"

 private:
  IpAddress network_;
  int prefix_bits_ = 0;
};

}  // namespace weir
