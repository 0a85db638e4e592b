#pragma once

#include "core/base/metric.h"
#include "core/base/metric_families.h"

// Metrics of the metrics page itself.
namespace weir::metrics {

inline constexpr GaugeFamily kSeriesFamily{"weir_metric_series", "Label sets in memory."};
constexpr GaugeKey seriesKey() { return {kSeriesFamily, {}}; }

inline constexpr CounterFamily kSeriesDroppedFamily{
    "weir_metric_series_dropped_total",
    "Lookups of label sets that exceeded the limit and were counted as __other__."};
constexpr CounterKey seriesDroppedKey() { return {kSeriesDroppedFamily, {}}; }

inline constexpr HistogramFamily kScrapeDurationFamily{"weir_scrape_duration_seconds",
                                                       "Time to collect and write the metrics."};
constexpr HistogramKey scrapeDurationKey() { return {kScrapeDurationFamily, {}}; }

void addMetrics(MetricFamilies& families);

}  // namespace weir::metrics
