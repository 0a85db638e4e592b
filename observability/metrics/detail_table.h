#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/base/metric_details.h"

namespace weir::metrics {

// The details of a histogram, summed over all workers, with the latest exemplars.
struct Detail {
  std::array<std::uint64_t, 1 + MetricDetail::kCells> cells{};  // the zero cell first
  std::array<std::optional<Exemplar>, MetricDetail::kBuckets> exemplars{};
};

// The details of all workers, as of the latest gather().
//
// Thread: the control thread. The writers continue meanwhile.
class DetailTable {
 public:
  void addSource(const MetricDetails& details) { sources_.push_back(&details); }
  void setExemplars(bool wanted) { exemplars_ = wanted; }
  void gather();
  const Detail* find(const MetricKey& key) const;  // null: none

 private:
  struct Hash {
    std::size_t operator()(const MetricKey& key) const {
      return static_cast<std::size_t>((key.low() * 31 ^ key.high()) * 0x9E3779B97F4A7C15U);
    }
  };
  void add(const MetricDetail& detail);

  std::vector<const MetricDetails*> sources_;
  bool exemplars_ = true;
  std::unordered_map<MetricKey, Detail, Hash> details_;
};

}  // namespace weir::metrics
