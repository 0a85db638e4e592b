#pragma once

// Definitions of PROXY protocol version 2 for its reader and its writer.

#include <cstddef>
#include <string_view>

namespace weir::net {

struct ProxyWire {
  static constexpr std::string_view kSignature{"\r\n\r\n\0\r\nQUIT\n", 12};
  static constexpr std::size_t kMaxUniqueId = 128;  // bytes

  enum Tlv : unsigned {
    kAlpn = 0x01,
    kAuthority = 0x02,
    kCrc32c = 0x03,
    kUniqueId = 0x05,
    kTls = 0x20,
    kTlsVersion = 0x21,
    kTlsCommonName = 0x22,
  };
};

}  // namespace weir::net
