#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::dns {

// What resolv.conf(5) says of servers, and of the domains that complete a name.
struct ResolvConf {
  std::vector<std::string> servers = {};  // "10.0.0.1", or with a port, which is an extension
  std::vector<std::string> domains = {};
  unsigned ndots = 1;  // a name with at least as many dots is asked for as it is first
};

inline constexpr std::size_t kMaxSearchDomains = 32;

// Reads `nameserver`, `search`, `domain` and `options ndots:N`. Servers with a scope (fe80::1%eth0)
// are passed over.
ResolvConf parseResolvConf(std::string_view text);

// Reads the file; nothing when it cannot be read.
ResolvConf loadResolvConf(const std::string& path);

// The full names that `name` may stand for, in the order of preference, without a final dot. The
// name itself is always among them.
std::vector<std::string> candidateNames(std::string_view name, const ResolvConf& conf);

}  // namespace weir::dns
