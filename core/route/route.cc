#include "core/route/route.h"

#include <algorithm>

namespace weir::route {

std::optional<NameId> Forward::pick(Random& random) const {
  if (targets_.empty() || targets_.back().weight_end == 0) return std::nullopt;
  if (targets_.size() == 1) return targets_.front().cluster;
  const std::uint64_t drawn = random.below(targets_.back().weight_end);
  const auto target = std::find_if(targets_.begin(), targets_.end(),
                                   [drawn](const Target& t) { return drawn < t.weight_end; });
  return target->cluster;
}

}  // namespace weir::route
