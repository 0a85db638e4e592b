#pragma once

#include <string>
#include <string_view>

#include "core/jose/json.h"
#include "core/upstream/endpoint.h"

namespace weir::mesh {

// How unknown members of an endpoint are treated.
enum class UnknownMembers : std::uint8_t { kRefused, kIgnored };

// Reads an endpoint from JSON: "10.0.0.1:80", or an object with "address" (with a port, or with
// "port" beside it), "weight", "zone", "draining" and "metadata", an object of strings. "identity"
// and "version" become metadata. The "Addr" that gRPC's own name resolution writes into etcd is an
// address, too. Returns the mistake, such as "weight must be a number from 0 to 1000000"; empty:
// none.
std::string readEndpointJson(jose::Json::Value value, UnknownMembers unknown,
                             upstream::Endpoint& out);

}  // namespace weir::mesh
