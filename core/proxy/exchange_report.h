#pragma once

#include "core/http/record.h"
#include "core/proxy/exchange_state.h"

// The metrics, the log entry, the trace and the steps of an exchange.
namespace weir::proxy {

// Lets the tap watch the exchange, if it wants to.
void beginSteps(Tap& tap, ExchangeState& state);

// Adds a complete exchange to the metrics.
void countExchange(ExchangeState& state);

// Passes a complete exchange on to the tracer, to the tap and to the logs.
void reportExchange(ExchangeState& state);

// What is known so far, without the time of the start.
http::ExchangeRecord describeExchange(ExchangeState& state);

// What filters see of the exchange. Made by the first call.
http::ExchangeView& viewOf(ExchangeState& state);

}  // namespace weir::proxy
