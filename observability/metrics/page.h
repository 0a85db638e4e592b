#pragma once

#include <cstddef>
#include <string>

#include "observability/metrics/detail_table.h"
#include "observability/metrics/exposition.h"
#include "observability/metrics/metrics_settings.h"
#include "observability/metrics/prometheus.h"
#include "observability/metrics/series.h"

namespace weir::metrics {

// The /metrics page: the cells of all threads and the resource usage of the process.
//
// Thread: the control thread.
class Page {
 public:
  // `control` holds the control thread's cells; it is a source and records the scrape's duration.
  Page(const NameTable& names, const MetricFamilies& families, MetricCells& control,
       std::size_t ceiling = MetricCells::kDefaultCeiling);

  void addSource(MetricCells& cells) { table_.addSource(cells); }  // of a worker
  void addDetails(const MetricDetails& details) { details_.addSource(details); }
  // What the formats that have it show of the details.
  void configure(const Settings& settings) {
    native_ = settings.native_histograms;
    details_.setExemplars(settings.exemplars);
  }
  // Series of these names are omitted.
  void setLeft(std::unordered_set<NameId> names) { table_.setLeft(std::move(names)); }
  std::string text() { return render(Exposition::kText); }
  std::string render(Exposition exposition);
  // For ordinary metrics of parts off the hot path.
  prometheus::Registry& registry() { return prometheus_.registry(); }
  // Gathers the series, and adds those that only the page knows. For formats other than text().
  const SeriesTable& gather();
  const NameTable& names() const { return names_; }

 private:
  const NameTable& names_;
  MetricCells& control_;
  SeriesTable table_;
  DetailTable details_;
  bool native_ = false;
  Prometheus prometheus_;
  std::size_t latest_size_ = 0;
};

}  // namespace weir::metrics
