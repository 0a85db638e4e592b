#include "core/upstream/original_endpoint.h"

#include <algorithm>

namespace weir::upstream {
namespace {

IpAddress loopbackLike(const IpAddress& ip) {
  if (ip.isV4()) return IpAddress::v4({127, 0, 0, 1});
  return IpAddress::v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
}

}  // namespace

std::optional<net::Address> OriginalEndpoint::of(const net::Address& destination) const {
  const IpAddress& ip = destination.ip();
  const auto holds = [&](const IpRange& range) { return range.contains(ip); };
  if (!allow.empty() && std::none_of(allow.begin(), allow.end(), holds)) return std::nullopt;
  if (!ports.empty() && std::ranges::find(ports, destination.port()) == ports.end()) {
    return std::nullopt;
  }
  if (!loopback) return destination;
  return net::Address(loopbackLike(destination.ip()), destination.port());
}

}  // namespace weir::upstream
