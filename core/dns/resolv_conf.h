#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::dns {

// The servers in resolv.conf(5), and the domains that complete a name.
struct ResolvConf {
  std::vector<std::string> servers = {};  // "10.0.0.1", or with a port, which is an extension
  std::vector<std::string> domains = {};
  unsigned ndots = 1;  // a name with at least so many dots is first queried as it is
};

inline constexpr std::size_t kMaxSearchDomains = 32;

// Reads `nameserver`, `search`, `domain` and `options ndots:N`. Ignores servers with a scope
// (fe80::1%eth0).
ResolvConf parseResolvConf(std::string_view text);

// Reads the file; an empty result if it cannot be read.
ResolvConf loadResolvConf(const std::string& path);

// The candidates for the full name of `name`, in the order of preference, without a final dot. The
// name itself is always one of them.
std::vector<std::string> candidateNames(std::string_view name, const ResolvConf& conf);

}  // namespace weir::dns
