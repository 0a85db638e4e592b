#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/variant.h"
#include "core/filter/registry.h"
#include "core/upstream/balancer.h"
#include "core/upstream/discovery.h"

namespace weir::server {

// The extensions of this binary, each added by an explicit call: filters, balancers and
// discoveries. The settings of each become part of the configuration's schema.
class Registry {
 public:
  Registry() : filters_(extensions_) {}
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  filter::Registry& filters() { return filters_; }
  const filter::Registry& filters() const { return filters_; }
  const config::Extensions& extensions() const { return extensions_; }

  void addBalancer(std::string_view name, upstream::BalancerFactory make) {
    balancers_.emplace_back(name, make);
  }
  // `Settings` is the value of the name in `discovery = { name = ... }`; make(Settings) creates the
  // source.
  template <typename Settings>
  void addDiscovery(std::string_view name, std::string_view meaning,
                    std::shared_ptr<const upstream::DiscoverySource> (*make)(const Settings&)) {
    extensions_.family("discovery").add<Settings>(name, meaning);
    discoveries_.emplace_back(
        name, [make](const config::Selected& chosen) { return make(*chosen.as<Settings>()); });
  }

  // Null if the name is unknown.
  upstream::BalancerFactory balancer(std::string_view name) const;
  std::string balancerNames() const;  // for messages: "least_request, random"
  std::shared_ptr<const upstream::DiscoverySource> discovery(const config::Selected& chosen) const;

 private:
  using MakeSource =
      std::function<std::shared_ptr<const upstream::DiscoverySource>(const config::Selected&)>;

  config::Extensions extensions_;
  filter::Registry filters_;
  std::vector<std::pair<std::string, upstream::BalancerFactory>> balancers_;
  std::vector<std::pair<std::string, MakeSource>> discoveries_;
};

}  // namespace weir::server
