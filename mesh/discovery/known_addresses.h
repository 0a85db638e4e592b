#pragma once

#include <array>
#include <optional>
#include <vector>

#include "core/dns/answer.h"

namespace weir::mesh {

// The addresses of a host as they were last known, family by family: one that cannot be asked for
// at the moment keeps what it had.
class KnownAddresses {
 public:
  // Takes an answer that has at least one address.
  void take(const dns::Addresses& answer);

  const std::vector<net::Ip>& ips() const { return ips_; }  // IPv4 first
  bool empty() const { return ips_.empty(); }
  dns::Ttl ttl() const { return ttl_; }  // of the latest answer
  // Why a family could not be asked for; empty when the latest answer was whole.
  std::optional<Error> failure() const;
  // Whether addresses of such a family are among ips().
  bool stale() const;

 private:
  std::array<std::optional<Error>, 2> failures_;
  std::vector<net::Ip> ips_;
  dns::Ttl ttl_;
};

}  // namespace weir::mesh
