#pragma once

#include "core/http/record.h"
#include "core/proxy/exchange_state.h"

// The metrics, the log entry and the trace of an exchange.
namespace weir::proxy {

// Adds a complete exchange to the metrics.
void countExchange(ExchangeState& state);

// Passes a complete exchange on to the tracer and to the access log.
void reportExchange(ExchangeState& state);

// What filters see of the exchange. Made by the first call.
http::ExchangeView& viewOf(ExchangeState& state);

}  // namespace weir::proxy
