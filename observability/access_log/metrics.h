#pragma once

#include "core/base/metric.h"
#include "core/base/metric_families.h"

// Metrics of the access log.
namespace weir::access_log {

inline constexpr CounterFamily kDroppedFamily{"weir_access_log_dropped_total",
                                              "Access log lines that were dropped.",
                                              {{"sink", KeyPart::kNameA}}};
constexpr CounterKey droppedKey(NameId sink) { return {kDroppedFamily, {.a = sink}}; }

void addMetrics(MetricFamilies& families);

}  // namespace weir::access_log
