#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/metric_cells.h"
#include "core/base/random.h"
#include "core/event/write_queue.h"
#include "core/proxy/tracer.h"
#include "observability/otlp/record_queue.h"
#include "observability/trace/settings.h"

namespace weir::trace {

// Decides by the trace ID, so that every service with the same ratio decides alike: samples a trace
// if the last 56 bits of its ID are not below a threshold.
class RatioSampler {
 public:
  explicit RatioSampler(double ratio);
  bool samples(const http::TraceId& id) const;
  // "ot=th:..." for the tracestate of a sampled trace: tells the ratio to those who count spans.
  const std::string& state() const { return state_; }

 private:
  std::uint64_t threshold_;
  std::string state_;
};

// The tracer of one worker: decides which traces are sampled, and writes the spans of each request
// once it has ended, as a record of OTLP each. If the exporter does not keep up, spans are dropped
// and counted in weir_otlp_dropped_total.
class WorkerTracer final : public proxy::Tracer {
 public:
  WorkerTracer(Sampling sampling, otlp::RecordQueue queue, Random random);

  proxy::Trace& begin(http::Request& request, bool trusted) override;
  void beginAttempt(proxy::Trace& trace, const upstream::Member& member,
                    http::Request& head) override;
  void endAttempt(proxy::Trace& trace, const upstream::Member& member,
                  const upstream::Outcome& outcome, Nanoseconds ended) override;
  void end(proxy::Trace& trace, const http::ExchangeRecord& record) override;
  void flush() override { queue_.flush(); }

 private:
  bool continues(bool trusted) const;
  void decide(proxy::Trace& trace, std::optional<bool> decision);
  bool keeps(const proxy::Trace& trace, const http::ExchangeRecord& record) const;
  void write(http::Headers& headers, const http::TraceParent& context) const;
  proxy::AttemptSpan& addAttempt(proxy::Trace& trace, const upstream::Member& member);
  void makeId(std::span<std::uint8_t> id);

  const Sampling sampling_;
  const RatioSampler sampler_;
  const std::vector<http::TraceFormat> removed_;  // accepted, but not sent
  otlp::RecordQueue queue_;
  Random random_;
};

}  // namespace weir::trace
