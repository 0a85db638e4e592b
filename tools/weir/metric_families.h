#pragma once

#include "core/base/metric_families.h"

namespace weir {

// The metric families of all modules, in the order of the metrics page and of docs/metrics.md.
MetricFamilies metricFamilies();

}  // namespace weir
