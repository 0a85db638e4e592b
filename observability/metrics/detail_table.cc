#include "observability/metrics/detail_table.h"

namespace weir::metrics {

void DetailTable::gather() {
  for (auto& [key, detail] : details_) detail = {};
  for (const MetricDetails* const source : sources_) {
    source->forEach([this](const MetricDetail& detail) { add(detail); });
  }
}

void DetailTable::add(const MetricDetail& detail) {
  Detail& sum = details_[detail.key()];
  for (std::size_t i = 0; i < sum.cells.size(); ++i) sum.cells[i] += detail.cell(i);
  for (std::size_t i = 0; exemplars_ && i < sum.exemplars.size(); ++i) {
    const auto found = detail.exemplar(i);
    if (!found) continue;
    std::optional<Exemplar>& latest = sum.exemplars[i];
    if (!latest || latest->time < found->time) latest = found;
  }
}

const Detail* DetailTable::find(const MetricKey& key) const {
  const auto found = details_.find(key);
  return found == details_.end() ? nullptr : &found->second;
}

}  // namespace weir::metrics
