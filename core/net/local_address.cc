#include "core/net/local_address.h"

#include <cstring>
#include <ifaddrs.h>
#include <memory>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace weir::net {
namespace {

struct FreeAddresses {
  void operator()(ifaddrs* list) const { ::freeifaddrs(list); }
};

bool isLinkLocal(const IpAddress& ip) {
  const auto& bytes = ip.bytes();
  if (ip.isV4()) return bytes[12] == 169 && bytes[13] == 254;
  return bytes[0] == 0xFE && (bytes[1] & 0xC0U) == 0x80;
}

std::optional<IpAddress> ipOf(const ifaddrs& each) {
  constexpr unsigned kNeeded = IFF_UP | IFF_RUNNING;
  if (each.ifa_addr == nullptr || (each.ifa_flags & kNeeded) != kNeeded) return std::nullopt;
  if ((each.ifa_flags & IFF_LOOPBACK) != 0) return std::nullopt;
  sockaddr_storage storage{};
  if (each.ifa_addr->sa_family == AF_INET) {
    std::memcpy(&storage, each.ifa_addr, sizeof(sockaddr_in));
  } else if (each.ifa_addr->sa_family == AF_INET6) {
    std::memcpy(&storage, each.ifa_addr, sizeof(sockaddr_in6));
  } else {
    return std::nullopt;
  }
  const IpAddress ip = Address::fromSocket(storage).ip();
  return isLinkLocal(ip) ? std::nullopt : std::optional(ip);
}

}  // namespace

std::optional<IpAddress> machineAddress() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return std::nullopt;
  const std::unique_ptr<ifaddrs, FreeAddresses> owner(list);
  std::optional<IpAddress> ipv6;
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    const std::optional<IpAddress> ip = ipOf(*each);
    if (ip && ip->isV4()) return ip;
    if (ip && !ipv6) ipv6 = ip;
  }
  return ipv6;
}

}  // namespace weir::net
