#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

#include "core/base/metric_details.h"
#include "core/http/trace_context.h"

namespace weir::metrics {

// The labels of an exemplar, in hexadecimal.
class ExemplarLabels {
 public:
  explicit ExemplarLabels(const Exemplar& exemplar) {
    const auto trace = std::bit_cast<http::TraceId>(exemplar.trace_id);
    const auto span = std::bit_cast<http::SpanId>(exemplar.span_id);
    http::writeHex(trace_.data(), trace);
    http::writeHex(span_.data(), span);
  }
  std::string_view traceId() const { return {trace_.data(), trace_.size()}; }
  std::string_view spanId() const { return {span_.data(), span_.size()}; }

 private:
  std::array<char, 32> trace_{};
  std::array<char, 16> span_{};
};

}  // namespace weir::metrics
