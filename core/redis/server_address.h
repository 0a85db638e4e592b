#pragma once

#include <optional>
#include <string_view>

#include "core/net/address.h"

namespace weir::redis {

// An address as servers write it: an IP address, IPv6 without brackets, and a port. Nullopt for
// names and whatever else.
std::optional<net::Address> serverAddress(std::string_view ip, std::string_view port);
// Both together: "10.0.0.1:6379", "::1:6379".
std::optional<net::Address> serverAddress(std::string_view text);

}  // namespace weir::redis
