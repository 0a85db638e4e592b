#include "core/upstream/virtual_addresses.h"

namespace weir::upstream {

std::optional<net::Address> parseVirtualAddress(std::string_view text) {
  if (const auto ip = IpAddress::parse(text); ip.ok()) return net::Address(ip.value(), 0);
  const auto address = net::Address::parse(text);
  if (!address.ok() || address.value().isUnix() || address.value().port() == 0) return std::nullopt;
  return address.value();
}

NameId VirtualAddresses::ownerOf(const net::Address& destination) const {
  if (owners_.empty()) return 0;
  auto found = owners_.find(destination);
  if (found == owners_.end()) found = owners_.find(net::Address(destination.ip(), 0));
  return found == owners_.end() ? 0 : found->second;
}

}  // namespace weir::upstream
