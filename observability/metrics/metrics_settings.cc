#include "observability/metrics/metrics_settings.h"

#include "core/config/table.h"

namespace weir::metrics {

void Settings::read(config::Table& table, Settings& out) {
  table.read(
      "native_histograms", out.native_histograms,
      "Whether `weir_request_duration_seconds` is also a native histogram, for scrapers that "
      "ask for Protocol Buffers. Takes effect after a restart.");
  table.read(
      "exemplars", out.exemplars,
      "Whether buckets of `weir_request_duration_seconds` refer to traces, for scrapers that "
      "ask for OpenMetrics or Protocol Buffers; needs `[tracing]`. Takes effect after a "
      "restart.");
}

}  // namespace weir::metrics
