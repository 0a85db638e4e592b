#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/http/message.h"
#include "core/http/record.h"
#include "core/http/trace_context.h"
#include "core/net/address.h"
#include "core/upstream/balancer.h"
#include "core/upstream/outcome.h"

namespace weir::proxy {

// The span of one attempt. Times are since the start of the exchange.
struct AttemptSpan {
  AttemptSpan* before = nullptr;  // the attempt before this one
  http::SpanId id{};
  const upstream::Member* member = nullptr;  // while it is in progress
  Nanoseconds ended{0};
  upstream::Outcome outcome;
  IpAddress ip;
  std::uint16_t port = 0;
  std::string_view socket_path;  // empty: TCP
};

// The trace of an exchange: the span of its request, and those of its attempts. In the arena of the
// exchange; a tracer makes and reads it.
struct Trace {
  Arena* arena = nullptr;
  http::TraceParent context;  // of the span of the request
  std::string_view id;        // the trace ID in hexadecimal
  http::SpanId parent{};      // zeros: none
  // The span of a client that is not trusted to continue its trace; zeros: none.
  http::TraceId linked_trace{};
  http::SpanId linked_span{};
  AttemptSpan* attempts = nullptr;  // the latest one
  unsigned attempt_count = 0;
  bool secure = false;  // the upstream is reached by TLS
  // Of the head that was sent upstream, after the rewriting by the route.
  std::string_view authority;
  std::string_view path;
  std::string_view query;
  bool has_query = false;
};

// Traces the exchanges of one worker. Never blocks, never fails.
//
// Thread: the worker. A reload replaces the tracer while exchanges are in progress: a trace that
// one tracer has begun may be ended by another.
class Tracer {
 public:
  virtual ~Tracer() = default;
  // The head of a request is complete: begins its trace, and writes its identity into the head.
  // `trusted`: the peer is one of the listener's trusted proxies.
  virtual Trace& begin(http::Request& request, bool trusted) = 0;
  // An attempt is about to send the head: writes the identity of its span into it.
  virtual void beginAttempt(Trace& trace, const upstream::Member& member, http::Request& head) = 0;
  // Also for an attempt that failed before it could send the head.
  virtual void endAttempt(Trace& trace, const upstream::Member& member,
                          const upstream::Outcome& outcome, Nanoseconds ended) = 0;
  virtual void end(Trace& trace, const http::ExchangeRecord& record) = 0;
  // Passes on the spans that wait for a block to fill. Called once a second.
  virtual void flush() = 0;
};

}  // namespace weir::proxy
