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
  void observe(AttemptOutcome result, Verdict verdict, Nanoseconds duration) {
    if (result != AttemptOutcome::kOk || verdict != Verdict::kSuccess) {
      return durations(labelOf(result, verdict)).observe(duration);
    }
    if (!succeeded_) succeeded_ = durations(result);
    succeeded_->observe(duration);
  }

 private:
  static AttemptOutcome labelOf(AttemptOutcome result, Verdict verdict) {
    const bool by_verdict = result == AttemptOutcome::kOk || result == AttemptOutcome::kError;
    if (!by_verdict) return result;
    switch (verdict) {
      case Verdict::kSuccess:
        return AttemptOutcome::kOk;
      case Verdict::kLimited:
        return AttemptOutcome::kLimited;
      case Verdict::kFailure:
      case Verdict::kNone:
        break;
    }
    return AttemptOutcome::kError;
  }
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
