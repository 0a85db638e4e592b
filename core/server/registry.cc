#include "core/server/registry.h"

namespace weir::server {

upstream::BalancerFactory Registry::balancer(const config::Selected& chosen) const {
  const auto found = balancers_.find(chosen.kind());
  return found == balancers_.end() ? nullptr : found->second(chosen);
}

std::vector<upstream::GuardFactory> Registry::guards(
    const std::vector<config::Selected>& chosen) const {
  std::vector<upstream::GuardFactory> factories;
  for (const config::Selected& each : chosen) {
    const auto found = guards_.find(each.kind());
    if (found != guards_.end()) factories.push_back(found->second(each));
  }
  return factories;
}

std::shared_ptr<const upstream::DiscoverySource> Registry::discovery(
    const config::Selected& chosen) const {
  const auto found = discoveries_.find(chosen.kind());
  return found == discoveries_.end() ? nullptr : found->second(chosen);
}

}  // namespace weir::server
