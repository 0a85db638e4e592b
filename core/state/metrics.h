#pragma once

#include "core/base/metric.h"
#include "core/base/metric_families.h"

namespace weir::state {

void addMetrics(MetricFamilies& families);

inline constexpr CounterFamily kStateWriteErrorsFamily{
    "weir_state_write_errors_total", "Entries of the state directory that could not be written."};
constexpr CounterKey stateWriteErrorsKey() { return {kStateWriteErrorsFamily, {}}; }

}  // namespace weir::state
