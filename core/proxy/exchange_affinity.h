#pragma once

#include <optional>

#include "core/proxy/exchange_state.h"

// The upstream and the endpoint to which a request belongs by its session or its key.
namespace weir::proxy {

// The upstream of a route that forwards. Empty if the weights of all its targets are 0.
std::optional<NameId> chooseCluster(ExchangeState& state);

// Begins an attempt at the endpoint to which the route's affinity leads. kNone, or the reason why
// there is no endpoint.
Reason beginByAffinity(ExchangeState& state);

// Gives the client a token, unless the one that it has leads to the endpoint of this response.
void keepSession(ExchangeState& state);

}  // namespace weir::proxy
