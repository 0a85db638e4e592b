#include "core/server/registry.h"

namespace weir::server {

upstream::BalancerFactory Registry::balancer(std::string_view name) const {
  for (const auto& [known, make] : balancers_) {
    if (known == name) return make;
  }
  return nullptr;
}

std::string Registry::balancerNames() const {
  std::string names;
  for (const auto& [name, make] : balancers_) names += (names.empty() ? "" : ", ") + name;
  return names;
}

std::shared_ptr<const upstream::DiscoverySource> Registry::discovery(
    const config::Selected& chosen) const {
  for (const auto& [name, make] : discoveries_) {
    if (name == chosen.kind()) return make(chosen);
  }
  return nullptr;
}

}  // namespace weir::server
