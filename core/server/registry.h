#pragma once

#include <concepts>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/variant.h"
#include "core/filter/registry.h"
#include "core/upstream/balancer.h"
#include "core/upstream/discovery.h"
#include "core/upstream/guard.h"

namespace weir::server {

// The requirements on a balancer: settings that read themselves (config::NoSettings if there are
// none), and an object for each worker.
template <typename T>
concept BalancerType = std::derived_from<T, upstream::Balancer> &&
    requires(config::Table& table, typename T::Config& config) {
  T::Config::read(table, config);
} && std::constructible_from<T, const typename T::Config&, const upstream::BalancerTools&>;

// The requirements on a guard, likewise.
template <typename T>
concept GuardType = std::derived_from<T, upstream::Guard> &&
    requires(config::Table& table, typename T::Config& config) {
  T::Config::read(table, config);
} && std::constructible_from<T, const typename T::Config&, const upstream::GuardTools&>;

// The extensions of this binary, each added by an explicit call: filters, balancers, guards and
// discoveries. The settings of each become part of the configuration's schema.
class Registry {
 public:
  Registry() : filters_(extensions_) {
    extensions_.family("balancer").allowNames();
    extensions_.family("guard").allowNames();
  }
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  filter::Registry& filters() { return filters_; }
  const filter::Registry& filters() const { return filters_; }
  const config::Extensions& extensions() const { return extensions_; }

  // `T::Config` is the value of the name in `balancer = { name = { ... } }`.
  template <BalancerType T>
  void addBalancer(std::string_view name, std::string_view meaning) {
    extensions_.family("balancer").add<typename T::Config>(name, meaning);
    balancers_.emplace(name, &makeFactory<upstream::BalancerFactory, T, upstream::BalancerTools>);
  }
  // `T::Config` is the value of the name in `guards = [{ name = { ... } }]`.
  template <GuardType T>
  void addGuard(std::string_view name, std::string_view meaning) {
    extensions_.family("guard").add<typename T::Config>(name, meaning);
    guards_.emplace(name, &makeFactory<upstream::GuardFactory, T, upstream::GuardTools>);
  }
  // `Settings` is the value of the name in `discovery = { name = ... }`; make(Settings) creates the
  // source.
  template <typename Settings>
  void addDiscovery(std::string_view name, std::string_view meaning,
                    std::shared_ptr<const upstream::DiscoverySource> (*make)(const Settings&)) {
    extensions_.family("discovery").add<Settings>(name, meaning);
    discoveries_.emplace(
        name, [make](const config::Selected& chosen) { return make(*chosen.as<Settings>()); });
  }

  // `chosen` was read with these extensions, or is the default. Null if its name is unknown.
  upstream::BalancerFactory balancer(const config::Selected& chosen) const;
  std::vector<upstream::GuardFactory> guards(const std::vector<config::Selected>& chosen) const;
  std::shared_ptr<const upstream::DiscoverySource> discovery(const config::Selected& chosen) const;

 private:
  using MakeSource =
      std::function<std::shared_ptr<const upstream::DiscoverySource>(const config::Selected&)>;

  template <typename Factory>
  using Factories = std::map<std::string, Factory (*)(const config::Selected&), std::less<>>;

  template <typename Factory, typename T, typename Tools>
  static Factory makeFactory(const config::Selected& chosen) {
    using Config = typename T::Config;
    const Config* given = chosen.as<Config>();
    return [config = given == nullptr ? Config{} : *given](const Tools& tools) {
      return std::make_unique<T>(config, tools);
    };
  }

  config::Extensions extensions_;
  filter::Registry filters_;
  Factories<upstream::BalancerFactory> balancers_;
  Factories<upstream::GuardFactory> guards_;
  std::map<std::string, MakeSource, std::less<>> discoveries_;
};

}  // namespace weir::server
