#include "mesh/balance/balancers.h"

#include <gtest/gtest.h>

#include "tests/mesh/balance/members.h"

namespace weir::mesh {
namespace {

TEST(Balancers, AreFoundByName) {
  EXPECT_NE(findBalancer("round_robin"), nullptr);
  EXPECT_NE(findBalancer("least_request"), nullptr);
  EXPECT_NE(findBalancer("random"), nullptr);
  EXPECT_EQ(findBalancer("roundrobin"), nullptr);
  EXPECT_EQ(findBalancer(""), nullptr);
}

TEST(Balancers, HaveDifferentFactories) {
  // A reload keeps the balancer if the factory is the same.
  EXPECT_NE(findBalancer("round_robin"), findBalancer("random"));
  EXPECT_NE(findBalancer("round_robin"), findBalancer("least_request"));
}

TEST(Balancers, AllBalance) {
  Random random(1);
  const Members members({1, 2, 3});
  for (const NamedBalancer& named : balancers()) {
    const auto balancer = named.make(random);
    balancer->setMembers(members.all());
    EXPECT_LT(worstDeviation(members.shares(*balancer, 60'000), {1, 2, 3}), 0.05) << named.name;
  }
}

}  // namespace
}  // namespace weir::mesh
