#pragma once

#include <optional>

#include "core/net/address.h"

namespace weir::net {

// The first address of an interface in use that others can reach: neither loopback nor link-local,
// IPv4 before IPv6. nullopt: there is none.
std::optional<IpAddress> machineAddress();

}  // namespace weir::net
