#pragma once

#include <cstddef>
#include <span>

#include "core/http/record.h"
#include "core/proxy/tracer.h"

namespace weir::trace {

// True if the head of the response was sent, but not the complete response.
bool isUnfinished(const http::ExchangeRecord& record);

// The span of a request (kind SERVER) as a record of OTLP, with the attributes of the semantic
// conventions for HTTP, version 1.44. The size; 0 if it does not fit.
std::size_t encodeRequest(std::span<char> room, const proxy::Trace& trace,
                          const http::ExchangeRecord& record);

struct AttemptOf {
  const proxy::Trace& trace;
  const proxy::AttemptSpan& span;
  unsigned number;    // from 0
  Nanoseconds start;  // of the exchange, by the wall clock
};
// The span of an attempt (kind CLIENT).
std::size_t encodeAttempt(std::span<char> room, const AttemptOf& attempt,
                          const http::ExchangeRecord& record);

}  // namespace weir::trace
