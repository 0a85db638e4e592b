#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/http/headers.h"

// The identity of a trace in the headers of a request: W3C Trace Context (level 2) and B3.
namespace weir::http {

using TraceId = std::array<std::uint8_t, 16>;
using SpanId = std::array<std::uint8_t, 8>;

// The identity of a span, as its children receive it.
struct TraceParent {
  TraceId trace_id{};
  SpanId span_id{};
  bool sampled = false;
  bool random = false;          // the last 7 bytes of the trace ID are random
  std::string_view state = {};  // tracestate, in normal form; empty: none
};

// The headers of one convention.
enum class TraceFormat : std::uint8_t {
  kW3c,      // traceparent, tracestate
  kB3,       // b3
  kB3Multi,  // X-B3-TraceId, X-B3-SpanId, X-B3-Sampled
};

// What a request says about its trace.
struct IncomingTrace {
  TraceParent context;  // the parent span; without IDs if `decision` is all that was sent
  bool has_parent = false;
  std::optional<bool> decision;  // whether the caller samples the trace; B3 may leave it open
};

inline constexpr std::size_t kTraceparentSize = 55;

// The value of traceparent; nothing if it is malformed.
std::optional<TraceParent> parseTraceparent(std::string_view value);
// All values of tracestate, joined and in normal form, in the arena of `headers`: at most 32
// members and 512 bytes, to which it is shortened from the end. Empty if a value is malformed.
std::string_view readTracestate(const Headers& headers);

// The trace of a request in the first of these formats of which there are valid headers.
IncomingTrace readTrace(const Headers& headers, std::span<const TraceFormat> formats);
// Replaces the headers of a format. Texts are in the arena of `headers`.
void writeTrace(Headers& headers, TraceFormat format, const TraceParent& context);
void removeTrace(Headers& headers, TraceFormat format);

// Writes two digits for each byte, in lower case; returns the end.
char* writeHex(char* to, std::span<const std::uint8_t> bytes);

}  // namespace weir::http
