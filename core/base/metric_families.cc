#include "core/base/metric_families.h"

#include <algorithm>

#include "core/base/check.h"

namespace weir {

void MetricFamilies::add(std::initializer_list<const MetricFamily*> families) {
  for (const MetricFamily* const family : families) {
    const bool unique = std::ranges::none_of(families_, [family](const MetricFamily* other) {
      return other->id == family->id || other->name == family->name;
    });
    WEIR_CHECK(unique);  // if only the ids are equal, rename the newer family
    families_.push_back(family);
  }
}

}  // namespace weir
