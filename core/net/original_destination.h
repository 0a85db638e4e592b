#pragma once

#include <optional>

#include "core/net/address.h"

namespace weir::net {

// The address to which the client of an accepted connection connected, before the system redirected
// the connection here (REDIRECT of netfilter). nullopt: it was not redirected, or the system does
// not know.
std::optional<Address> originalDestinationOf(int descriptor, const Address& peer);

}  // namespace weir::net
