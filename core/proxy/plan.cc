#include "core/proxy/plan.h"

#include <algorithm>

namespace weir::proxy {

const std::shared_ptr<const upstream::ClusterPlan>* Plan::cluster(NameId id) const {
  const auto at =
      std::lower_bound(clusters.begin(), clusters.end(), id,
                       [](const auto& plan, NameId wanted) { return plan->id < wanted; });
  return at != clusters.end() && (*at)->id == id ? &*at : nullptr;
}

bool ListenerPlan::sharesTermsWith(const ListenerPlan& other) const {
  const auto scope = [](const ListenerPlan& plan) {
    return plan.tls == nullptr ? std::string_view() : std::string_view{plan.tls->scope()};
  };
  return scope(*this) == scope(other) && allow_clear == other.allow_clear &&
         versions == other.versions && proxy_protocol == other.proxy_protocol &&
         proxy_protocol_from == other.proxy_protocol_from;
}

}  // namespace weir::proxy
