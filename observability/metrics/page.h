#pragma once

#include <cstddef>
#include <string>

#include "observability/metrics/series.h"

namespace weir::metrics {

// What /metrics answers: the cells of all threads and the process' own use of the machine.
//
// Thread: the control thread.
class Page {
 public:
  // `control` holds the control thread's cells; it is a source and takes the scrape's duration.
  Page(const NameTable& names, MetricCells& control,
       std::size_t ceiling = MetricCells::kDefaultCeiling);

  void addSource(MetricCells& cells) { table_.addSource(cells); }  // of a worker
  // Series of these names are left out.
  void setLeft(std::unordered_set<NameId> names) { table_.setLeft(std::move(names)); }
  std::string text();
  // Gathers, and adds what is known here only. For other formats than text().
  const SeriesTable& gather();
  const NameTable& names() const { return names_; }

 private:
  const NameTable& names_;
  MetricCells& control_;
  SeriesTable table_;
  std::size_t latest_size_ = 0;
};

}  // namespace weir::metrics
