#include "observability/trace/worker_tracer.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <utility>

#include "core/base/short_text.h"
#include "observability/trace/span_record.h"

namespace weir::trace {
namespace {

constexpr unsigned kRandomBits = 56;
constexpr std::uint64_t kAllRandom = std::uint64_t{1} << kRandomBits;
// An attempt that has sent nothing has no span once there are so many.
constexpr unsigned kMostAttempts = 64;

// The digits of a threshold without zeros at the end; "0" for 0.
std::string thresholdText(std::uint64_t threshold) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  std::string text;
  for (unsigned shift = kRandomBits; shift > 0; shift -= 4) {
    text += kHexDigits[threshold >> (shift - 4) & 15U];
  }
  text.resize(text.find_last_not_of('0') + 1);
  return text.empty() ? "0" : text;
}

std::uint64_t randomPartOf(const http::TraceId& id) {
  std::uint64_t value = 0;
  for (std::size_t i = id.size() - kRandomBits / 8; i < id.size(); ++i) value = value << 8U | id[i];
  return value;
}

std::vector<http::TraceFormat> without(std::vector<http::TraceFormat> formats,
                                       const std::vector<http::TraceFormat>& others) {
  std::erase_if(formats, [&](http::TraceFormat format) {
    return std::ranges::find(others, format) != others.end();
  });
  return formats;
}

template <typename T>
T& makeIn(Arena& arena) {
  return *new (arena.allocate(sizeof(T), alignof(T))) T();
}

}  // namespace

RatioSampler::RatioSampler(double ratio)
    : threshold_(kAllRandom - static_cast<std::uint64_t>(
                                  std::llround(ratio * static_cast<double>(kAllRandom)))) {
  if (threshold_ < kAllRandom) state_ = "ot=th:" + thresholdText(threshold_);
}

bool RatioSampler::samples(const http::TraceId& id) const { return randomPartOf(id) >= threshold_; }

WorkerTracer::WorkerTracer(Sampling sampling, otlp::RecordQueue queue, Random random)
    : sampling_(std::move(sampling)),
      sampler_(sampling_.ratio),
      removed_(without(sampling_.accept, sampling_.send)),
      queue_(std::move(queue)),
      random_(random) {}

// An ID of zeros would be invalid.
void WorkerTracer::makeId(std::span<std::uint8_t> id) {
  for (std::size_t at = 0; at < id.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t bits = random_.next();
    while (bits == 0) bits = random_.next();
    storeWord(reinterpret_cast<char*>(&id[at]), bits);
  }
}

bool WorkerTracer::continues(bool trusted) const {
  return sampling_.parent == ParentTrust::kAll ||
         (sampling_.parent == ParentTrust::kTrusted && trusted);
}

// Without a decision of the client, or if it does not count, the ratio decides; the tracestate says
// so if the trace begins here.
void WorkerTracer::decide(proxy::Trace& trace, std::optional<bool> decision) {
  http::TraceParent& context = trace.context;
  if (decision && sampling_.parent_decides) {
    context.sampled = *decision;
    return;
  }
  context.sampled = sampler_.samples(context.trace_id);
  if (context.sampled && context.state.empty()) context.state = trace.arena->copy(sampler_.state());
}

proxy::Trace& WorkerTracer::begin(http::Request& request, bool trusted) {
  Arena& arena = request.headers.arena();
  auto& trace = makeIn<proxy::Trace>(arena);
  trace.arena = &arena;
  const http::IncomingTrace incoming = http::readTrace(request.headers, sampling_.accept);
  const bool joins = continues(trusted);
  if (incoming.has_parent && joins) {
    trace.context = incoming.context;
    trace.parent = incoming.context.span_id;
  } else {
    makeId(trace.context.trace_id);
    trace.context.random = true;
  }
  if (incoming.has_parent && !joins) {
    trace.linked_trace = incoming.context.trace_id;
    trace.linked_span = incoming.context.span_id;
  }
  makeId(trace.context.span_id);
  decide(trace, joins ? incoming.decision : std::nullopt);
  char* const id = arena.allocate(2 * trace.context.trace_id.size());
  http::writeHex(id, trace.context.trace_id);
  trace.id = {id, 2 * trace.context.trace_id.size()};
  for (const http::TraceFormat format : removed_) removeTrace(request.headers, format);
  write(request.headers, trace.context);
  return trace;
}

void WorkerTracer::write(http::Headers& headers, const http::TraceParent& context) const {
  for (const http::TraceFormat format : sampling_.send) writeTrace(headers, format, context);
}

proxy::AttemptSpan& WorkerTracer::addAttempt(proxy::Trace& trace, const upstream::Member& member) {
  auto& span = makeIn<proxy::AttemptSpan>(*trace.arena);
  makeId(span.id);
  span.member = &member;
  span.before = trace.attempts;
  trace.attempts = &span;
  ++trace.attempt_count;
  return span;
}

void WorkerTracer::beginAttempt(proxy::Trace& trace, const upstream::Member& member,
                                http::Request& head) {
  http::TraceParent context = trace.context;
  context.span_id = addAttempt(trace, member).id;
  write(head.headers, context);
  trace.authority = head.authority;
  trace.path = head.path;
  trace.query = head.query;
  trace.has_query = head.has_query;
}

void WorkerTracer::endAttempt(proxy::Trace& trace, const upstream::Member& member,
                              const upstream::Outcome& outcome, Nanoseconds ended) {
  proxy::AttemptSpan* span = trace.attempts;
  while (span != nullptr && span->member != &member) span = span->before;
  if (span == nullptr) {  // it has sent nothing
    if (trace.attempt_count >= kMostAttempts) return;
    span = &addAttempt(trace, member);
  }
  span->member = nullptr;
  span->ended = ended;
  span->outcome = outcome;
  const net::Address& address = member.endpoint.address;
  if (address.isUnix()) {
    span->socket_path = trace.arena->copy(address.path());
  } else {
    span->ip = address.ip();
    span->port = address.port();
  }
}

bool WorkerTracer::keeps(const proxy::Trace& trace, const http::ExchangeRecord& record) const {
  if (trace.context.sampled) return true;
  const TailSettings& tail = sampling_.tail;
  const bool failed = record.status >= 500 || record.status == 0;
  if (tail.errors && (failed || isUnfinished(record))) return true;
  return tail.slower_than && record.times.total >= *tail.slower_than;
}

void WorkerTracer::end(proxy::Trace& trace, const http::ExchangeRecord& record) {
  if (!keeps(trace, record)) return;
  const Nanoseconds start = record.start;
  queue_.add([&](std::span<char> room) { return encodeRequest(room, trace, record); });
  unsigned number = trace.attempt_count;
  for (const auto* span = trace.attempts; span != nullptr; span = span->before) {
    --number;
    if (span->member != nullptr) continue;  // never ended
    queue_.add([&](std::span<char> room) {
      return encodeAttempt(room, {trace, *span, number, start}, record);
    });
  }
}

}  // namespace weir::trace
