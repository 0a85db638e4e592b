#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/base/metric_cells.h"
#include "core/base/metric_families.h"

namespace weir::metrics {

// One label set of a family, with the sum of its cells over all threads.
struct Series {
  MetricKey key;
  std::string labels;  // listener="a",route="b", escaped; empty if the family has none
  std::size_t first_value;
  bool left = false;  // of a route, upstream ... that is no longer configured
};

// The sums of the metric cells of all threads, as of the latest gather().
//
// Thread: the control thread, which owns the names. The writers of the cells continue meanwhile. A
// series keeps its place and its text, so that gathering consists of additions only.
class SeriesTable {
 public:
  // At most `ceiling` label sets, regardless of the cells; further ones are folded as in
  // MetricCells.
  SeriesTable(const NameTable& names, const MetricFamilies& families,
              std::size_t ceiling = MetricCells::kDefaultCeiling);

  void addSource(MetricCells& cells);  // must outlive the table
  void gather();
  // Overwrites one number until the next gather, for values without a cell.
  void put(CounterKey key, std::uint64_t value) {
    values_[series_[locate(key)].first_value] = value;
  }
  void put(GaugeKey key, std::uint64_t value) { values_[series_[locate(key)].first_value] = value; }

  // Marks the series of these names, if a label refers to a route, upstream, listener or
  // certificate. Their values are kept: a name that is configured again continues counting.
  void setLeft(std::unordered_set<NameId> names);

  // The families that were given to the constructor, then those of which a series was found all the
  // same, with their series in the order of their creation.
  struct Member {
    const MetricFamily* family;
    std::vector<std::uint32_t> series = {};
  };
  std::span<const Member> families() const { return families_; }
  std::span<const std::uint32_t> ofFamily(const MetricFamily& family) const;
  const Series& series(std::uint32_t index) const { return series_[index]; }
  // One value, or the Histogram::kCells of a histogram.
  const std::uint64_t* values(const Series& series) const { return &values_[series.first_value]; }
  std::size_t size() const { return series_.size(); }
  std::uint64_t dropped() const;
  const NameTable& names() const { return names_; }

 private:
  struct Source {
    MetricCells* cells;
    std::vector<std::uint32_t> places;  // the series of each entry, in their order
  };
  struct Hash {
    std::size_t operator()(const MetricKey& key) const;
  };
  void add(Source& source);
  std::uint32_t locate(MetricKey key);
  std::uint32_t insert(MetricKey key);
  std::vector<std::uint32_t>& membersOf(const MetricFamily& family);
  std::string labelsOf(MetricKey key) const;
  bool hasLeft(MetricKey key) const;

  const NameTable& names_;
  const std::size_t ceiling_;
  std::vector<Source> sources_;
  std::vector<Series> series_;
  std::vector<std::uint64_t> values_;
  std::vector<Member> families_;
  std::unordered_map<MetricKey, std::uint32_t, Hash> places_;
  std::unordered_set<NameId> left_;
  std::size_t left_count_ = 0;  // in series_
  std::uint64_t folded_ = 0;
};

// The text of one label of a key; "__other__" for names missing in the table.
std::string_view labelText(const MetricLabel& label, MetricKey key, const NameTable& names);

}  // namespace weir::metrics
