#include "mesh/discovery/known_addresses.h"

#include <algorithm>
#include <iterator>

namespace weir::mesh {
namespace {

std::size_t familyOf(const IpAddress& ip) { return ip.isV4() ? dns::kIpv4 : dns::kIpv6; }

}  // namespace

void KnownAddresses::take(const dns::Addresses& answer) {
  std::vector<IpAddress> ips = answer.ips;
  std::copy_if(ips_.begin(), ips_.end(), std::back_inserter(ips),
               [&](const IpAddress& ip) { return answer.failures[familyOf(ip)].has_value(); });
  std::stable_partition(ips.begin(), ips.end(), [](const IpAddress& ip) { return ip.isV4(); });
  ips_ = std::move(ips);
  failures_ = answer.failures;
  ttl_ = answer.ttl;
}

std::optional<Error> KnownAddresses::failure() const {
  return failures_[dns::kIpv4] ? failures_[dns::kIpv4] : failures_[dns::kIpv6];
}

bool KnownAddresses::stale() const {
  return std::any_of(ips_.begin(), ips_.end(),
                     [this](const IpAddress& ip) { return failures_[familyOf(ip)].has_value(); });
}

}  // namespace weir::mesh
