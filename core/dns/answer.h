#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/net/address.h"

namespace weir::dns {

// How long an answer is valid. nullopt if it has no TTL or 0, as for the hosts file.
using Ttl = std::optional<std::chrono::seconds>;

// The kinds of addresses to query.
enum class Family { kAll, kIpv4, kIpv6 };

inline constexpr std::size_t kIpv4 = 0;  // indices of the two families in Addresses::failures
inline constexpr std::size_t kIpv6 = 1;

// The addresses of a host.
struct Addresses {
  std::vector<IpAddress> ips;  // IPv4 first, else in the server's order; not empty, no duplicates
  Ttl ttl = std::nullopt;      // the smallest of all records, including aliases
  // Why the addresses of a family are unknown. nullopt if the server answered, even without an
  // address, and if the family was not queried.
  std::array<std::optional<Error>, 2> failures = {};
  bool last = true;  // false: an answer with both families follows
};

// One SRV record.
struct Service {
  std::string target;  // a host name
  std::uint16_t port = 0;
  std::uint16_t weight = 0;
  std::uint16_t priority = 0;  // lower is better

  friend bool operator==(const Service&, const Service&) = default;
};

struct Services {
  std::vector<Service> services;  // by priority, then by falling weight; not empty
  Ttl ttl;                        // the smallest of all records
};

}  // namespace weir::dns
