#include "core/net/address.h"

#include <arpa/inet.h>
#include <cstddef>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <utility>

#include "core/base/number.h"

namespace weir::net {
namespace {

constexpr Error kBadAddress = {ErrorCode::kInvalid, Origin::kLocal, "not an address with a port"};

}  // namespace

Address Address::unixPath(std::string path) {
  Address address;
  address.path_ = std::move(path);
  return address;
}

Result<Address> Address::parse(std::string_view text) {
  if (text.starts_with("unix:")) {
    if (text.size() == 5) return kBadAddress;
    return unixPath(std::string(text.substr(5)));
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return kBadAddress;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  // An IPv6 address must have brackets, and nothing else may.
  if (bracketed != (host.find(':') != std::string_view::npos)) return kBadAddress;
  const auto port = parseNumber<std::uint16_t>(text.substr(colon + 1));
  const auto ip = IpAddress::parse(host);
  if (!ip.ok() || !port) return kBadAddress;
  return Address(ip.value(), *port);
}

Address Address::fromSocket(const sockaddr_storage& socket) {
  if (socket.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &socket, sizeof in);
    IpAddress::Bytes4 bytes{};
    std::memcpy(bytes.data(), &in.sin_addr, bytes.size());
    return {IpAddress::v4(bytes), ntohs(in.sin_port)};
  }
  if (socket.ss_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &socket, sizeof in);
    IpAddress::Bytes16 bytes{};
    std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
    return {IpAddress::v6(bytes), ntohs(in.sin6_port)};
  }
  if (socket.ss_family == AF_UNIX) {
    sockaddr_un un{};
    std::memcpy(&un, &socket, sizeof un);
    // A path that fills the field is not null-terminated.
    return unixPath(std::string(un.sun_path, ::strnlen(un.sun_path, sizeof un.sun_path)));
  }
  return {};
}

std::string Address::text() const {
  if (isUnix()) return "unix:" + path_;
  const std::string host = ip_.isV4() ? ip_.text() : "[" + ip_.text() + "]";
  return host + ":" + std::to_string(port_);
}

unsigned Address::toSocket(sockaddr_storage& socket) const {
  socket = {};
  if (isUnix()) {
    sockaddr_un un{};
    if (path_.size() >= sizeof un.sun_path) return 0;
    un.sun_family = AF_UNIX;
    std::memcpy(un.sun_path, path_.c_str(), path_.size() + 1);
    std::memcpy(&socket, &un, sizeof un);
    return static_cast<unsigned>(offsetof(sockaddr_un, sun_path) + path_.size() + 1);
  }
  if (ip_.isV4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port_);
    std::memcpy(&in.sin_addr, ip_.bytes().data() + 12, 4);
    std::memcpy(&socket, &in, sizeof in);
    return sizeof in;
  }
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port_);
  std::memcpy(&in.sin6_addr, ip_.bytes().data(), 16);
  std::memcpy(&socket, &in, sizeof in);
  return sizeof in;
}

}  // namespace weir::net
