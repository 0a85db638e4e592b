#include "core/server/registry.h"

namespace weir::server {

upstream::BalancerFactory Registry::balancer(const config::Selected& chosen) const {
  const auto found = balancers_.find(chosen.kind());
  return found == balancers_.end() ? nullptr : found->second(chosen);
}

std::shared_ptr<const upstream::DiscoverySource> Registry::discovery(
    const config::Selected& chosen) const {
  const auto found = discoveries_.find(chosen.kind());
  return found == discoveries_.end() ? nullptr : found->second(chosen);
}

}  // namespace weir::server
