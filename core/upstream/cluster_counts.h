#pragma once

#include "core/event/shared_count.h"
#include "core/event/shared_streaks.h"

namespace weir::upstream {

// The use of a cluster by all workers, for its limits. Outlives every plan.
struct ClusterCounts {
  event::SharedCount requests;   // attempts in flight, if max_requests is set
  event::SharedCount pending;    // attempts that wait for a connection
  event::SharedCount retries;    // requests that are being retried, if max_retries is set
  event::SharedStreaks streaks;  // of failures, by endpoint
};

}  // namespace weir::upstream
