#include "core/upstream/cluster_plan.h"

#include <algorithm>
#include <utility>

namespace weir::upstream {
namespace {

bool sameTls(const tls::ClientConfig* left, const tls::ClientConfig* right) {
  if (left == nullptr || right == nullptr) return left == right;
  return left == right || left->sameAs(*right);
}

}  // namespace

bool ClusterPlan::hasTermsOf(const ClusterPlan& other) const {
  return options.protocol == other.options.protocol && options.http2 == other.options.http2 &&
         options.proxy_protocol == other.options.proxy_protocol &&
         sameTls(tls.get(), other.tls.get());
}

std::uint64_t ClusterPlan::connectionLimit(std::size_t endpoints) const {
  if (options.max_connections) return *options.max_connections;
  return std::max(ClusterOptions::kLeastConnections,
                  ClusterOptions::kConnectionsEach * std::uint64_t{workers} * endpoints);
}

ClusterPlans::ClusterPlans(std::vector<SharedClusterPlan> plans) : plans_(std::move(plans)) {
  std::sort(plans_.begin(), plans_.end(),
            [](const auto& left, const auto& right) { return left->id < right->id; });
}

const SharedClusterPlan* ClusterPlans::find(NameId id) const {
  const auto at =
      std::lower_bound(plans_.begin(), plans_.end(), id,
                       [](const auto& plan, NameId wanted) { return plan->id < wanted; });
  return at != plans_.end() && (*at)->id == id ? &*at : nullptr;
}

}  // namespace weir::upstream
