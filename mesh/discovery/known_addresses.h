#pragma once

#include <array>
#include <optional>
#include <vector>

#include "core/dns/answer.h"

namespace weir::mesh {

// The latest known addresses of a host, by family: if the query for a family fails temporarily, the
// addresses of that family remain.
class KnownAddresses {
 public:
  // Takes an answer with at least one address.
  void take(const dns::Addresses& answer);

  const std::vector<IpAddress>& ips() const { return ips_; }  // IPv4 first
  bool empty() const { return ips_.empty(); }
  dns::Ttl ttl() const { return ttl_; }  // of the latest answer
  // The failure of a family's query; empty if the latest answer was complete.
  std::optional<Error> failure() const;
  // True if ips() contains addresses of a family whose latest query failed.
  bool stale() const;

 private:
  std::array<std::optional<Error>, 2> failures_;
  std::vector<IpAddress> ips_;
  dns::Ttl ttl_;
};

}  // namespace weir::mesh
