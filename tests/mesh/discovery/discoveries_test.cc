#include "mesh/discovery/discoveries.h"

#include "core/config/settings.h"
#include "tests/mesh/discovery/fixture.h"

namespace weir::mesh {
namespace {

struct Upstream {
  config::Selected discovery;
  static void read(config::Table& table, Upstream& out) {
    table.read("discovery", out.discovery, table.kinds("discovery"), "Where the endpoints are.");
  }
};

std::string identityOf(std::string_view toml) {
  server::Registry registry;
  addDiscoveries(registry);
  config::Diagnostics diagnostics;
  auto document = config::Document::parse(toml, "test", diagnostics);
  Upstream upstream;
  config::readSettings(document, registry.extensions(), upstream, diagnostics);
  if (!diagnostics.empty()) return diagnostics.text();
  return registry.discovery(upstream.discovery)->identity();
}

TEST(Discoveries, AreChosenByTheirKey) {
  EXPECT_EQ(identityOf("discovery = { static = ['10.0.0.1:80'] }").substr(0, 18),
            "static 10.0.0.1:80");
  EXPECT_EQ(identityOf("discovery = { dns = 'shop.test:80' }"), "dns shop.test:80 all");
  EXPECT_EQ(identityOf("discovery = { dns = { address = 'shop.test:80', family = 'ipv4' } }"),
            "dns shop.test:80 ipv4");
  EXPECT_EQ(identityOf("discovery = { srv = '_http._tcp.shop.test' }"), "srv _http._tcp.shop.test");
}

}  // namespace
}  // namespace weir::mesh
