#pragma once

#include <string>
#include <string_view>

#include "observability/metrics/detail_table.h"
#include "observability/metrics/series.h"

namespace weir::metrics {

inline constexpr std::string_view kTextContentType = "text/plain; version=0.0.4; charset=utf-8";

// Appends all series of the table in the Prometheus text format 0.0.4.
void appendText(const SeriesTable& table, std::string& out);
// In the text format of OpenMetrics 1.0, with exemplars; without the "# EOF" at the end.
void appendOpenMetrics(const SeriesTable& table, const DetailTable& details, std::string& out);

}  // namespace weir::metrics
