#include "mesh/discovery/static_list.h"

#include <algorithm>
#include <set>

#include "core/upstream/endpoint_lines.h"

namespace weir::mesh {
namespace {

Result<net::Address> endpointAddress(const config::Address& address) {
  if (address.isUnix()) return net::Address::unixPath(address.unix_path);
  WEIR_TRY(const IpAddress ip, IpAddress::parse(address.host));
  return net::Address(ip, address.port);
}

// Reports nothing: known() already returns the endpoints.
class NoDiscovery final : public upstream::Discovery {
 public:
  void start(upstream::DiscoveryEvents&) override {}
};

class StaticList final : public upstream::DiscoverySource {
 public:
  explicit StaticList(const StaticListSettings& settings) {
    auto set = std::make_shared<upstream::EndpointSet>();
    set->endpoints = listedEndpoints(settings);
    identity_ = upstream::endpointLines(set->endpoints);
    known_ = std::move(set);
  }

  std::string identity() const override { return "static " + identity_; }
  std::unique_ptr<upstream::Discovery> make(const upstream::DiscoveryTools&) const override {
    return std::make_unique<NoDiscovery>();
  }
  upstream::SharedEndpoints known() const override { return known_; }

 private:
  std::string identity_;
  upstream::SharedEndpoints known_;
};

}  // namespace

void StaticEndpointSettings::read(config::Table& table, StaticEndpointSettings& out) {
  table.read("address", out.address, "IP address and port, or the path of a Unix socket.",
             {.required = true});
  table.read("weight", out.weight,
             "Share of the traffic, relative to the other endpoints. 0: none.",
             {.max = upstream::Endpoint::kMostWeight});
  table.read(
      "priority", out.priority,
      "Level of the endpoint. Endpoints of a higher number get traffic once too few of those "
      "of a lower number are usable.",
      {.max = upstream::Endpoint::kMostPriority});
  table.read("zone", out.zone, "Zone of the endpoint, for zone-aware balancing.");
  table.read("draining", out.draining,
             "Whether the endpoint is about to leave: it gets no new traffic while another one is "
             "there.");
  table.read("metadata", out.metadata, "Properties of the endpoint, shown by the admin interface.");
  if (out.metadata.contains("")) table.fail("metadata", "has a member without a name");
  if (table.has("address") && !endpointAddress(out.address).ok()) {
    table.fail("address", "is not an IP address; for a name use discovery = { dns = \"" +
                              out.address.text() + "\" }");
  }
}

std::vector<upstream::Endpoint> listedEndpoints(const StaticListSettings& settings) {
  std::vector<upstream::Endpoint> endpoints;
  std::set<net::Address> seen;
  for (const StaticEndpointSettings& each : settings) {
    const auto address = endpointAddress(each.address);
    if (!address.ok() || !seen.insert(address.value()).second) continue;
    endpoints.push_back({address.value(),
                         each.weight,
                         each.zone,
                         each.draining,
                         {each.metadata.begin(), each.metadata.end()},
                         each.priority});
  }
  return endpoints;
}

std::shared_ptr<const upstream::DiscoverySource> makeStaticList(
    const StaticListSettings& settings) {
  return std::make_shared<const StaticList>(settings);
}

}  // namespace weir::mesh
