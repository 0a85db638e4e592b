#include "mesh/discovery/static_list.h"

#include "tests/mesh/discovery/fixture.h"

namespace weir::mesh {
namespace {

struct Lists {
  StaticListSettings list;
  static void read(config::Table& table, Lists& out) { table.read("static", out.list, "A list."); }
};

std::shared_ptr<const upstream::DiscoverySource> sourceOf(std::string_view toml) {
  Lists lists;
  EXPECT_EQ(mistakesIn(toml, lists), "");
  return makeStaticList(lists.list);
}

TEST(StaticList, KnowsItsEndpointsWithoutAsking) {
  const auto source = sourceOf("static = ['10.0.0.2:80', '[fd00::1]:81', 'unix:/run/x.sock']");
  const auto known = source->known();
  ASSERT_EQ(known->endpoints.size(), 3U);
  EXPECT_EQ(known->endpoints[0].address.text(), "10.0.0.2:80");
  EXPECT_EQ(known->endpoints[1].address.text(), "[fd00::1]:81");
  EXPECT_EQ(known->endpoints[2].address.text(), "unix:/run/x.sock");
  EXPECT_EQ(known->endpoints[0].weight, 1U);
}

TEST(StaticList, TakesWeightsPrioritiesAndZones) {
  const auto source =
      sourceOf("static = [{ address = '10.0.0.1:80', weight = 3, priority = 2, zone = 'a' }]");
  const upstream::Endpoint endpoint = source->known()->endpoints.front();
  EXPECT_EQ(endpoint.weight, 3U);
  EXPECT_EQ(endpoint.priority, 2U);
  EXPECT_EQ(endpoint.zone, "a");
}

TEST(StaticList, HoldsNoAddressTwice) {
  EXPECT_EQ(sourceOf("static = ['10.0.0.1:80', '10.0.0.1:80']")->known()->endpoints.size(), 1U);
}

TEST(StaticList, DiffersByAddressWeightAndZone) {
  const auto identity = [](std::string_view toml) { return sourceOf(toml)->identity(); };
  const std::string plain = identity("static = ['10.0.0.1:80']");
  EXPECT_EQ(plain, identity("static = [{ address = '10.0.0.1:80' }]"));
  EXPECT_NE(plain, identity("static = ['10.0.0.1:81']"));
  EXPECT_NE(plain, identity("static = [{ address = '10.0.0.1:80', weight = 2 }]"));
  EXPECT_NE(plain, identity("static = [{ address = '10.0.0.1:80', priority = 1 }]"));
  EXPECT_NE(plain, identity("static = [{ address = '10.0.0.1:80', zone = 'a' }]"));
}

TEST(StaticList, RefusesNamesWithAHint) {
  EXPECT_EQ(mistakesIn<Lists>("static = ['orders.internal:80']"),
            "test:1:11: static[0].address: is not an IP address; for a name use discovery = "
            "{ dns = \"orders.internal:80\" }\n");
}

TEST(StaticList, RefusesAnAddressWithoutAHost) {
  EXPECT_NE(mistakesIn<Lists>("static = [':80']"), "");
}

}  // namespace
}  // namespace weir::mesh
