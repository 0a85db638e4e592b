#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/metric_cells.h"
#include "core/base/metric_details.h"
#include "core/http/record.h"
#include "core/proxy/metrics.h"

namespace weir::proxy {

// The labels of a request's metrics.
struct RequestLabels {
  NameId listener = 0;
  NameId route = 0;
  unsigned method = 0;  // the index of an http::Method
  AppProtocol protocol = AppProtocol::kH1;
  int status = 0;
};

// Counts requests. Keeps the cells of the latest label sets at hand: one comparison instead of a
// look-up for each metric.
class RequestMetrics {
 public:
  // `details`: of the durations; null: none are kept.
  explicit RequestMetrics(MetricCells& cells, MetricDetails* details = nullptr)
      : cells_(cells), details_(details), dropped_(cells.dropped()) {}

  void count(const RequestLabels& labels, const http::PhaseTimes& times, std::uint64_t body_bytes);
  bool hasDetails() const { return details_ != nullptr; }
  // The request that was counted last is an example of its duration.
  void note(const RequestLabels& labels, const Exemplar& exemplar);

 private:
  static constexpr std::size_t kSlots = 64;

  struct Slot {
    std::uint64_t low = 0;  // of the key of `requests`
    std::uint64_t high = ~std::uint64_t{0};
    Counter requests;
    Histogram duration;
    MetricDetail* detail = nullptr;  // of the duration
    Histogram first_byte;            // these two are looked up when they are first needed
    Counter body_bytes;
  };

  Slot& slotFor(const RequestLabels& labels);

  MetricCells& cells_;
  MetricDetails* const details_;
  std::uint64_t dropped_;
  std::array<Slot, kSlots> slots_{};
};

}  // namespace weir::proxy
