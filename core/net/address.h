#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"

struct sockaddr;
struct sockaddr_storage;

namespace weir::net {

// An IP address; an IPv4 address is stored in its IPv6-mapped form.
class Ip {
 public:
  Ip() = default;
  static Ip v4(const std::array<std::uint8_t, 4>& bytes);
  static Ip v6(const std::array<std::uint8_t, 16>& bytes);
  // "10.0.0.1", "::1"; kInvalid for anything else, including names.
  static Result<Ip> parse(std::string_view text);

  bool isV4() const;
  // False for "::": the peer has no address, as over a Unix socket.
  bool known() const { return *this != Ip(); }
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  static constexpr unsigned kMaxText = 46;
  std::string_view format(std::span<char, kMaxText> into) const;  // the text starts at its front
  std::string text() const;
  // The client's name in logs and headers: format(), or "unknown" (RFC 7239, 6.2).
  std::string_view formatClient(std::span<char, kMaxText> into) const {
    return known() ? format(into) : "unknown";
  }
  friend bool operator==(const Ip&, const Ip&) = default;
  friend auto operator<=>(const Ip&, const Ip&) = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

// The address to which a socket is bound or connects: IP address and port, or a Unix socket's path.
class Address {
 public:
  Address() = default;
  Address(const Ip& ip, std::uint16_t port) : ip_(ip), port_(port) {}
  static Address unixPath(std::string path);
  // "1.2.3.4:80", "[::1]:80", "unix:/path". Names are not resolved: kInvalid.
  static Result<Address> parse(std::string_view text);
  static Address fromSocket(const sockaddr_storage& socket);

  bool isUnix() const { return !path_.empty(); }
  const Ip& ip() const { return ip_; }
  std::uint16_t port() const { return port_; }
  const std::string& path() const { return path_; }
  std::string text() const;  // in the format of parse()
  // Fills the system's representation and returns its size; 0 if a path is too long.
  unsigned toSocket(sockaddr_storage& socket) const;
  friend bool operator==(const Address&, const Address&) = default;
  friend auto operator<=>(const Address&, const Address&) = default;

 private:
  Ip ip_;
  std::uint16_t port_ = 0;
  std::string path_;
};

}  // namespace weir::net
