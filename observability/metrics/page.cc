#include "observability/metrics/page.h"

#include "core/base/clock.h"
#include "observability/metrics/page_metrics.h"
#include "observability/metrics/protobuf_format.h"
#include "observability/metrics/text_format.h"

namespace weir::metrics {

Page::Page(const NameTable& names, const MetricFamilies& families, MetricCells& control,
           std::size_t ceiling)
    : names_(names), control_(control), table_(names, families, ceiling) {
  table_.put(seriesKey(), 0);  // first, so that the ceiling does not affect them
  table_.put(seriesDroppedKey(), 0);
  table_.addSource(control);
}

const SeriesTable& Page::gather() {
  table_.gather();
  table_.put(seriesDroppedKey(), table_.dropped());
  table_.put(seriesKey(), table_.size());
  return table_;
}

std::string Page::render(Exposition exposition) {
  const Nanoseconds start = monotonicNow();
  std::string out;
  out.reserve(latest_size_ + latest_size_ / 8);
  const SeriesTable& table = gather();
  if (exposition != Exposition::kText) details_.gather();
  switch (exposition) {
    case Exposition::kText:
      appendText(table, out);
      prometheus_.appendText(out);
      break;
    case Exposition::kOpenMetrics:
      appendOpenMetrics(table, details_, out);
      prometheus_.appendOpenMetrics(out);
      out += "# EOF\n";
      break;
    case Exposition::kProtobuf:
      appendProtobuf(table, details_, native_, out);
      prometheus_.appendProtobuf(out);
      break;
  }
  latest_size_ = out.size();
  control_.histogram(scrapeDurationKey()).observe(monotonicNow() - start);
  return out;
}

}  // namespace weir::metrics
