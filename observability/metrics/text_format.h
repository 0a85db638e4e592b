#pragma once

#include <array>
#include <string>
#include <string_view>

#include "observability/metrics/process_usage.h"
#include "observability/metrics/series.h"

namespace weir::metrics {

inline constexpr std::string_view kTextContentType = "text/plain; version=0.0.4; charset=utf-8";

// Appends all series of the table in the Prometheus text format 0.0.4.
void appendText(const SeriesTable& table, std::string& out);

// Appends the process_* families.
void appendText(const ProcessUsage& usage, std::string& out);

// The families of a ProcessUsage.
struct ProcessSample {
  std::string_view name;
  std::string_view help;
  MetricType type;
  double value;
};
std::array<ProcessSample, 6> samplesOf(const ProcessUsage& usage);

}  // namespace weir::metrics
