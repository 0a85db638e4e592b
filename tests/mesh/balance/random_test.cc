#include "mesh/balance/random.h"

#include <gtest/gtest.h>

#include "tests/mesh/balance/members.h"

namespace weir::mesh {
namespace {

using Counts = std::vector<int>;
using Weights = std::vector<std::uint32_t>;

double deviation(const Weights& weights, int picks) {
  Random random(1);
  RandomBalancer balancer({}, toolsOf(random));
  const Members members(weights);
  balancer.setMembers(members.all());
  return worstDeviation(members.shares(balancer, picks), weights);
}

TEST(RandomBalancer, WithoutMembersPicksNobody) {
  Random random(1);
  RandomBalancer balancer({}, toolsOf(random));
  EXPECT_EQ(balancer.pick({}), nullptr);
}

TEST(RandomBalancer, SharesByWeight) {
  EXPECT_LT(deviation({1, 1, 1}, 100'000), 0.02);
  EXPECT_LT(deviation({1, 2, 3, 4}, 100'000), 0.03);
  EXPECT_LT(deviation({1, 99}, 200'000), 0.1);
  EXPECT_LT(deviation({4'294'967'295, 4'294'967'295, 1'000'000'000}, 100'000), 0.03);
}

TEST(RandomBalancer, SharesByWeightAmongThousands) {
  Weights weights;
  for (std::uint32_t i = 0; i < 10'000; ++i) weights.push_back(1 + i % 100);
  Random random(1);
  RandomBalancer balancer({}, toolsOf(random));
  const Members members(weights);
  balancer.setMembers(members.all());
  const Counts counts = members.shares(balancer, 250'000);
  int heavy = 0;
  for (std::size_t i = 99; i < counts.size(); i += 100) heavy += counts[i];
  EXPECT_NEAR(heavy, 250'000 * 100.0 / 5'050.0, 300);
}

TEST(RandomBalancer, AvoidsWhatWasTried) {
  Random random(1);
  RandomBalancer balancer({}, toolsOf(random));
  const Members members({1'000'000, 1, 1});
  balancer.setMembers(members.all());
  const std::vector<const upstream::Member*> tried = {members[0], members[2]};
  EXPECT_EQ(members.shares(balancer, 100, tried), (Counts{0, 100, 0}));
}

TEST(RandomBalancer, ReturnsATriedMemberWhenAllWereTried) {
  Random random(1);
  RandomBalancer balancer({}, toolsOf(random));
  const Members members({1, 1});
  balancer.setMembers(members.all());
  const std::vector<const upstream::Member*> tried = {members[0], members[1]};
  EXPECT_NE(balancer.pick({tried}), nullptr);
}

}  // namespace
}  // namespace weir::mesh
