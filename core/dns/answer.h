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

// How long an answer holds. Nothing when it names no time or 0: answers of the hosts file.
using Ttl = std::optional<std::chrono::seconds>;

// The kinds of addresses to ask for.
enum class Family { kAll, kIpv4, kIpv6 };

inline constexpr std::size_t kIpv4 = 0;  // places of the two families in Addresses::failures
inline constexpr std::size_t kIpv6 = 1;

// The addresses of a host.
struct Addresses {
  std::vector<net::Ip> ips;  // IPv4 first, else in the server's order; at least one, none twice
  Ttl ttl = std::nullopt;    // the smallest of all records, aliases included
  // Why nothing is known of a family. Empty for one that the server answered, be it with no
  // address, and for one that was not asked for.
  std::array<std::optional<Error>, 2> failures = {};
  bool last = true;  // false: a family is still missing, and the whole answer follows
};

// One SRV record.
struct Service {
  std::string target;  // a host's name
  std::uint16_t port = 0;
  std::uint16_t weight = 0;
  std::uint16_t priority = 0;  // lower is better

  friend bool operator==(const Service&, const Service&) = default;
};

struct Services {
  std::vector<Service> services;  // by priority, then by falling weight; at least one
  Ttl ttl;                        // the smallest of all records
};

}  // namespace weir::dns
