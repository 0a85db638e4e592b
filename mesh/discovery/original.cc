#include "mesh/discovery/original.h"

#include <string>

#include "core/upstream/original_endpoint.h"

namespace weir::mesh {
namespace {

// There is nothing to discover: each connection has its destination with it.
class NothingToDiscover final : public upstream::Discovery {
 public:
  void start(upstream::DiscoveryEvents&) override {}
};

class Original final : public upstream::DiscoverySource {
 public:
  explicit Original(const OriginalSettings& settings)
      : endpoint_{settings.loopback, settings.allow, settings.ports},
        known_(std::make_shared<const upstream::EndpointSet>()) {}

  std::string identity() const override {
    std::string text = endpoint_.loopback ? "original loopback" : "original";
    for (const IpRange& range : endpoint_.allow) text += " " + range.toString();
    for (const std::uint16_t port : endpoint_.ports) text += " " + std::to_string(port);
    return text;
  }
  std::unique_ptr<upstream::Discovery> make(const upstream::DiscoveryTools&) const override {
    return std::make_unique<NothingToDiscover>();
  }
  upstream::SharedEndpoints known() const override { return known_; }
  const upstream::OriginalEndpoint* original() const override { return &endpoint_; }

 private:
  const upstream::OriginalEndpoint endpoint_;
  const upstream::SharedEndpoints known_;
};

}  // namespace

void OriginalSettings::read(config::Table& table, OriginalSettings& out) {
  table.read("loopback", out.loopback,
             "Whether to connect to the loopback address of this machine, at the port of the "
             "destination: the application beside a sidecar.");
  table.read("allow", out.allow,
             "Address ranges of the destinations that are allowed; others are refused. Empty: "
             "all.");
  table.read("ports", out.ports,
             "Ports of the destinations that are allowed; others are refused. Empty: all.",
             {.min = 1});
}

std::shared_ptr<const upstream::DiscoverySource> makeOriginal(const OriginalSettings& settings) {
  return std::make_shared<const Original>(settings);
}

}  // namespace weir::mesh
