#pragma once

#include "core/base/metric.h"
#include "core/base/metric_families.h"

// Metrics of the admin pages /tap and /errors.
namespace weir::tap {

inline constexpr GaugeFamily kTapsFamily{"weir_taps_active", "Clients that watch requests.", {}};
constexpr GaugeKey tapsKey() { return {kTapsFamily, {}}; }

inline constexpr CounterFamily kTapDroppedFamily{
    "weir_tap_dropped_total", "Requests that a tap's client was too slow to be shown.", {}};
constexpr CounterKey tapDroppedKey() { return {kTapDroppedFamily, {}}; }

void addMetrics(MetricFamilies& families);

}  // namespace weir::tap
