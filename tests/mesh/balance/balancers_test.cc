#include "mesh/balance/balancers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config/settings.h"
#include "core/upstream/cluster_options.h"
#include "tests/mesh/balance/members.h"

namespace weir::mesh {
namespace {

using testing::HasSubstr;

class BalancersTest : public testing::Test {
 protected:
  BalancersTest() { addBalancers(registry); }
  upstream::ClusterOptions read(const std::string& toml) {
    config::Diagnostics found;
    upstream::ClusterOptions options;
    auto document = config::Document::parse(toml, "test.toml", found);
    config::readSettings(document, registry.extensions(), options, found);
    diagnostics = found.text();
    return options;
  }

  server::Registry registry;
  std::string diagnostics;
};

TEST_F(BalancersTest, AllBalance) {
  Random random(1);
  const Members members({1, 2, 3});
  for (const std::string_view name : registry.extensions().family("balancer").names()) {
    // By latency, and by order; see their own tests.
    if (name == "peak_ewma" || name == "first") continue;
    const auto options = read("balancer = \"" + std::string(name) + "\"\n");
    const auto make = registry.balancer(options.balancer);
    ASSERT_NE(make, nullptr) << name;
    const auto balancer = make(toolsOf(random));
    balancer->setMembers(members.all());
    const double most = name == "ring_hash" ? 0.25 : 0.05;
    EXPECT_LT(worstDeviation(members.shares(*balancer, 60'000), {1, 2, 3}), most) << name;
  }
}

TEST_F(BalancersTest, HaveADefault) {
  EXPECT_NE(registry.balancer(upstream::ClusterOptions().balancer), nullptr);
}

TEST_F(BalancersTest, AreDifferentSettings) {
  EXPECT_EQ(read("balancer = \"random\"").balancer, read("balancer = { random = {} }").balancer);
  EXPECT_EQ(read("balancer = \"peak_ewma\"").balancer, read("").balancer);
  EXPECT_NE(read("balancer = \"random\"").balancer, read("").balancer);
}

TEST_F(BalancersTest, OfAnUnknownNameAreRefusedWithASuggestion) {
  read("balancer = \"roundrobin\"");
  EXPECT_THAT(diagnostics, HasSubstr("test.toml:1"));
  EXPECT_THAT(diagnostics, HasSubstr("round_robin"));
}

}  // namespace
}  // namespace weir::mesh
