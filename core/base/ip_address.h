#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace weir {

// An IPv4 or IPv6 address. An IPv4 address is stored in its IPv6-mapped form, ::ffff:a.b.c.d.
class IpAddress {
 public:
  using Bytes4 = std::array<std::uint8_t, 4>;
  using Bytes16 = std::array<std::uint8_t, 16>;

  IpAddress() = default;
  static IpAddress v4(const Bytes4& bytes);
  static IpAddress v6(const Bytes16& bytes) {
    IpAddress address;
    address.bytes_ = bytes;
    return address;
  }
  // "10.0.0.1", "::1"; kInvalid for anything else, including names.
  static Result<IpAddress> parse(std::string_view text);
  // The same; an unknown address for anything else.
  static IpAddress parseOrUnknown(std::string_view text);

  bool isV4() const;
  // False for "::": the peer has no address, as over a Unix socket.
  bool known() const { return *this != IpAddress(); }
  const Bytes16& bytes() const { return bytes_; }

  static constexpr unsigned kMaxText = 46;
  std::string_view format(std::span<char, kMaxText> into) const;  // the text starts at its front
  std::string text() const;
  // The client's name in logs and headers: format(), or "unknown" (RFC 7239, 6.2).
  std::string_view formatClient(std::span<char, kMaxText> into) const {
    return known() ? format(into) : "unknown";
  }

  friend bool operator==(const IpAddress&, const IpAddress&) = default;
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  Bytes16 bytes_{};
};

}  // namespace weir
