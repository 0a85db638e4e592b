#include "observability/trace/span_record.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>

#include "core/base/short_text.h"
#include "core/upstream/outcome.h"
#include "observability/otlp/exchange_attributes.h"
#include "observability/otlp/record_writer.h"
#include "observability/text/secrets.h"

namespace weir::trace {
namespace {

using http::ExchangeRecord;
using otlp::RecordWriter;

// Fields of Span.
constexpr std::uint32_t kTraceId = 1;
constexpr std::uint32_t kSpanId = 2;
constexpr std::uint32_t kTraceState = 3;
constexpr std::uint32_t kParentSpanId = 4;
constexpr std::uint32_t kName = 5;
constexpr std::uint32_t kKind = 6;
constexpr std::uint32_t kStart = 7;
constexpr std::uint32_t kEnd = 8;
constexpr std::uint32_t kAttributes = 9;
constexpr std::uint32_t kLinks = 13;
constexpr std::uint32_t kStatus = 15;
constexpr std::uint32_t kFlags = 16;
// Fields of Status.
constexpr std::uint32_t kStatusMessage = 2;
constexpr std::uint32_t kStatusCode = 3;

constexpr std::uint64_t kServerKind = 2;
constexpr std::uint64_t kClientKind = 3;
constexpr std::uint64_t kErrorStatus = 2;
constexpr std::uint32_t kHasRemote = 0x100;
constexpr std::uint32_t kIsRemote = 0x200;

bool isGiven(std::span<const std::uint8_t> id) {
  return std::ranges::any_of(id, [](std::uint8_t byte) { return byte != 0; });
}

std::string_view joinedIn(Arena& arena, std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  char* const start = arena.allocate(size);
  char* to = start;
  for (const std::string_view part : parts) to = putText(to, part);
  return {start, size};
}

std::string_view numberIn(Arena& arena, unsigned number) {
  constexpr std::size_t kDigits = 10;
  char* const start = arena.allocate(kDigits);
  char* const end = std::to_chars(start, start + kDigits, number).ptr;
  return {start, static_cast<std::size_t>(end - start)};
}

std::uint32_t flagsOf(const http::TraceParent& context) {
  return (context.sampled ? 1U : 0U) | (context.random ? 2U : 0U);
}

void writeIds(RecordWriter& to, const proxy::Trace& trace, std::span<const std::uint8_t> id,
              std::span<const std::uint8_t> parent) {
  to.bytes(kTraceId, trace.context.trace_id);
  to.bytes(kSpanId, id);
  to.text(kTraceState, trace.context.state);
  if (isGiven(parent)) to.bytes(kParentSpanId, parent);
}

void writeTimes(RecordWriter& to, Nanoseconds start, Nanoseconds end) {
  to.fixed64(kStart, static_cast<std::uint64_t>(start.count()));
  to.fixed64(kEnd, static_cast<std::uint64_t>(end.count()));
}

void writeError(RecordWriter& to, std::string_view message) {
  const std::size_t status = to.open(kStatus);
  to.text(kStatusMessage, message);
  to.number(kStatusCode, kErrorStatus);
  to.close(status);
}

bool isAddress(const proxy::AttemptSpan& span) {
  return span.socket_path.empty() && span.ip.known();
}

void writeEndpoint(RecordWriter& to, const proxy::AttemptSpan& span) {
  if (!isAddress(span)) {
    to.attribute("network.peer.address", span.socket_path);
    return to.attribute("network.transport", "unix");
  }
  std::array<char, IpAddress::kMaxText> text{};
  to.attribute("network.peer.address", span.ip.format(text));
  to.attribute("network.peer.port", std::uint64_t{span.port});
}

void writeUrl(RecordWriter& to, const proxy::Trace& trace) {
  if (trace.path.empty()) return;  // nothing was sent
  Arena& arena = *trace.arena;
  to.attribute("url.full",
               joinedIn(arena, {trace.secure ? "https://" : "http://", trace.authority, trace.path,
                                trace.has_query ? "?" : "", redactedQuery(trace.query, arena)}));
}

// The class of an error; empty if there was none.
std::string_view errorOf(const upstream::Outcome& outcome, Arena& arena) {
  if (outcome.reason != Reason::kNone) return toString(outcome.reason);
  if (outcome.status >= 400) return numberIn(arena, static_cast<unsigned>(outcome.status));
  return outcome.result == upstream::AttemptOutcome::kTimeout ? "timeout" : "";
}

}  // namespace

bool isUnfinished(const ExchangeRecord& record) {
  return record.status < 500 && record.status >= 200 &&
         (record.reason == Reason::kUpstreamResetAfterHeaders ||
          record.reason == Reason::kRequestTimeout || record.reason == Reason::kStreamIdle);
}

std::size_t encodeRequest(std::span<char> room, const proxy::Trace& trace,
                          const ExchangeRecord& record) {
  Arena& arena = *trace.arena;
  RecordWriter to(room, kAttributes);
  writeIds(to, trace, trace.context.span_id, trace.parent);
  const bool known = record.method != http::Method::kOther;
  const std::string_view method = known ? otlp::methodText(record) : "HTTP";
  to.text(kName, record.route.empty() ? method : joinedIn(arena, {method, " ", record.route}));
  to.number(kKind, kServerKind);
  writeTimes(to, record.start, record.start + record.times.total);
  otlp::writeExchange(to, record, arena);
  if (!trace.context.sampled) to.attribute("weir.kept", "tail");
  const bool failed = record.status >= 500 || isUnfinished(record);
  if (record.reason != Reason::kNone) {
    to.attribute("error.type", toString(record.reason));
  } else if (failed) {
    to.attribute("error.type", numberIn(arena, static_cast<unsigned>(record.status)));
  }
  if (isGiven(trace.linked_trace)) {
    const std::size_t link = to.open(kLinks);
    to.bytes(kTraceId, trace.linked_trace);
    to.bytes(kSpanId, trace.linked_span);
    to.close(link);
  }
  if (failed) writeError(to, record.reason_detail);
  const bool has_parent = isGiven(trace.parent);
  to.fixed32(kFlags, flagsOf(trace.context) | kHasRemote | (has_parent ? kIsRemote : 0U));
  return to.finish();
}

std::size_t encodeAttempt(std::span<char> room, const AttemptOf& attempt,
                          const ExchangeRecord& record) {
  const proxy::Trace& trace = attempt.trace;
  const proxy::AttemptSpan& span = attempt.span;
  const upstream::Outcome& outcome = span.outcome;
  RecordWriter to(room, kAttributes);
  writeIds(to, trace, span.id, trace.context.span_id);
  to.text(kName, record.method == http::Method::kOther ? "HTTP" : otlp::methodText(record));
  to.number(kKind, kClientKind);
  const Nanoseconds end = attempt.start + span.ended;
  writeTimes(to, end - outcome.duration, end);
  otlp::writeMethod(to, record);
  writeUrl(to, trace);
  otlp::writeAuthority(to, trace.authority.empty() ? record.authority : trace.authority);
  writeEndpoint(to, span);
  if (outcome.status != 0) {
    to.attribute("http.response.status_code", static_cast<std::uint64_t>(outcome.status));
  }
  if (attempt.number > 0) {
    to.attribute("http.request.resend_count", std::uint64_t{attempt.number});
  }
  to.attribute("weir.upstream", record.upstream);
  const std::string_view error = errorOf(outcome, *trace.arena);
  to.attribute("error.type", error);
  if (!error.empty()) writeError(to, {});
  to.fixed32(kFlags, flagsOf(trace.context) | kHasRemote);
  return to.finish();
}

}  // namespace weir::trace
