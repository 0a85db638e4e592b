#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/ip_address.h"
#include "core/base/result.h"

struct sockaddr;
struct sockaddr_storage;

namespace weir::net {

using Ip = IpAddress;

// The address to which a socket is bound or connects: IP address and port, or a Unix socket's path.
class Address {
 public:
  Address() = default;
  Address(const IpAddress& ip, std::uint16_t port) : ip_(ip), port_(port) {}
  static Address unixPath(std::string path);
  // "1.2.3.4:80", "[::1]:80", "unix:/path". Names are not resolved: kInvalid.
  static Result<Address> parse(std::string_view text);
  static Address fromSocket(const sockaddr_storage& socket);

  bool isUnix() const { return !path_.empty(); }
  const IpAddress& ip() const { return ip_; }
  std::uint16_t port() const { return port_; }
  const std::string& path() const { return path_; }
  std::string text() const;  // in the format of parse()
  // Fills the system's representation and returns its size; 0 if a path is too long.
  unsigned toSocket(sockaddr_storage& socket) const;
  friend bool operator==(const Address&, const Address&) = default;
  friend auto operator<=>(const Address&, const Address&) = default;

 private:
  IpAddress ip_;
  std::uint16_t port_ = 0;
  std::string path_;
};

}  // namespace weir::net
