#include "core/proxy/plan.h"

#include <algorithm>

namespace weir::proxy {

const std::shared_ptr<const upstream::ClusterPlan>* Plan::cluster(NameId id) const {
  const auto at =
      std::lower_bound(clusters.begin(), clusters.end(), id,
                       [](const auto& plan, NameId wanted) { return plan->id < wanted; });
  return at != clusters.end() && (*at)->id == id ? &*at : nullptr;
}

}  // namespace weir::proxy
