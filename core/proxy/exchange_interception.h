#pragma once

#include "core/proxy/exchange_state.h"

// Requests on connections that the system redirected to a transparent listener.
namespace weir::proxy {

// If the destination belongs to an upstream, that decides, and not the host that the client sends.
const route::Route* findInterceptedRoute(ExchangeState& state, const route::Source& source);

// Begins an attempt at the original destination, if the request is for that. kNone, or the reason
// why there is no endpoint.
Reason beginIntercepted(ExchangeState& state);

}  // namespace weir::proxy
