#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/net/address.h"

namespace weir::dns {

// For how long an answer holds. Nothing when it names no time or 0: answers of the hosts file.
using Ttl = std::optional<std::chrono::seconds>;

// The addresses of a host.
struct Addresses {
  std::vector<net::Ip> ips;  // IPv4 first, else in the server's order; at least one, none twice
  Ttl ttl;                   // the smallest of all records, aliases included
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
