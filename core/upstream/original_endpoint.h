#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/ip_range.h"
#include "core/net/address.h"

namespace weir::upstream {

// The endpoint of a cluster whose connections each go where their client wanted to go: the original
// destination of a connection that was redirected to weir.
struct OriginalEndpoint {
  bool loopback = false;             // the same port of this machine's loopback address instead
  std::vector<IpRange> allow;        // the destinations that are allowed; empty: all
  std::vector<std::uint16_t> ports;  // likewise

  // nullopt: the destination is not allowed.
  std::optional<net::Address> of(const net::Address& destination) const;
};

}  // namespace weir::upstream
