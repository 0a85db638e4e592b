#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/ip_address.h"

namespace weir {

// "10.0.0.0/8", "2001:db8::/32", or one address. Bits after the prefix must be zero.
class IpRange {
 public:
  static std::optional<IpRange> parse(std::string_view text);

  bool contains(const IpAddress& address) const;
  const IpAddress& network() const { return network_; }  // its first address
  int prefixBits() const { return prefix_bits_; }        // of 128; IPv4 counts from 96
  bool operator==(const IpRange&) const = default;
  std::string toString() const;  // as written, for IPv4 too: "10.0.0.0/8"

 private:
  IpAddress network_;
  int prefix_bits_ = 0;
};

}  // namespace weir
