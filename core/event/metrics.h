#pragma once

#include "core/base/metric.h"
#include "core/base/metric_families.h"

// Metrics of event loops.
namespace weir::event {

void addMetrics(MetricFamilies& families);

inline constexpr HistogramFamily kLoopLagFamily{
    "weir_loop_lag_seconds", "Delay of an event loop's timers.", {{"loop", KeyPart::kNameA}}};
// Names such as "control" and "worker-0".
constexpr HistogramKey loopLagKey(NameId loop) { return {kLoopLagFamily, {.a = loop}}; }

}  // namespace weir::event
