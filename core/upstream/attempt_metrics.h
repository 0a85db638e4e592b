#pragma once

#include <optional>

#include "core/base/clock.h"
#include "core/base/metric_cells.h"
#include "core/upstream/metrics.h"

namespace weir::upstream {

// The metrics of a cluster's attempts. Keeps the cells of the latest status and of successful
// attempts at hand, because looking them up is a notable part of the cost of an attempt.
class AttemptMetrics {
 public:
  AttemptMetrics(MetricCells& cells, NameId upstream) : cells_(cells), upstream_(upstream) {}

  void count(int status, Reason reason) {
    if (status != status_ || reason != reason_) find(status, reason);
    requests_.add();
  }
  void observe(AttemptOutcome result, Nanoseconds duration) {
    if (result != AttemptOutcome::kOk) return durations(result).observe(duration);
    if (!succeeded_) succeeded_ = durations(result);
    succeeded_->observe(duration);
  }

 private:
  void find(int status, Reason reason) {
    status_ = status;
    reason_ = reason;
    requests_ = cells_.counter(upstreamRequestsKey(upstream_, status, reason));
  }
  Histogram durations(AttemptOutcome result) {
    return cells_.histogram(upstreamAttemptDurationKey(upstream_, result));
  }

  MetricCells& cells_;
  const NameId upstream_;
  int status_ = -1;  // no such status: the first one is looked up
  Reason reason_ = Reason::kNone;
  Counter requests_;  // of status_ and reason_
  std::optional<Histogram> succeeded_;
};

}  // namespace weir::upstream
