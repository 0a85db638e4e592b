#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include "core/base/metric_family.h"

namespace weir {

// The families of a process, in the order of the metrics page. Each module adds its own by a
// function addMetrics(), called where the features of the program are put together.
class MetricFamilies {
 public:
  // The families must outlive this object, as constants do.
  void add(std::initializer_list<const MetricFamily*> families);
  std::span<const MetricFamily* const> all() const { return families_; }

 private:
  std::vector<const MetricFamily*> families_;
};

}  // namespace weir
