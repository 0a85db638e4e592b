#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/config/table.h"
#include "core/upstream/discovery.h"

namespace weir::mesh {

// One element of `static = [...]`: "10.0.0.1:80", or { address = "...", weight = 3, zone = "a" }.
struct StaticEndpointSettings {
  static constexpr std::string_view kShortKey = "address";

  config::Address address;
  std::uint32_t weight = 1;
  std::uint32_t priority = 0;
  std::string zone;
  bool draining = false;
  std::map<std::string, std::string> metadata;

  static void read(config::Table& table, StaticEndpointSettings& out);
  friend bool operator==(const StaticEndpointSettings&, const StaticEndpointSettings&) = default;
};

using StaticListSettings = std::vector<StaticEndpointSettings>;

// The endpoints, without those whose address occurred before.
std::vector<upstream::Endpoint> listedEndpoints(const StaticListSettings& settings);

// Makes the endpoints that the configuration lists. They are known without a query.
std::shared_ptr<const upstream::DiscoverySource> makeStaticList(const StaticListSettings& settings);

}  // namespace weir::mesh
