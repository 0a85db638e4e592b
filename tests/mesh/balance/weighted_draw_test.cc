#include "mesh/balance/weighted_draw.h"

#include <gtest/gtest.h>

#include "tests/mesh/balance/members.h"

namespace weir::mesh {
namespace {

TEST(WeightedDraw, NeedsNoTableForEqualWeights) {
  WeightedDraw draw;
  draw.setMembers(Members({7, 7, 7}).all());
  EXPECT_FALSE(draw.weighted());
  draw.setMembers(Members({7, 7, 8}).all());
  EXPECT_TRUE(draw.weighted());
  draw.setMembers({});
  EXPECT_FALSE(draw.weighted());
}

TEST(WeightedDraw, DrawsInProportion) {
  const std::vector<std::uint32_t> weights = {1, 10, 100, 5, 50};
  WeightedDraw draw;
  draw.setMembers(Members(weights).all());
  Random random(3);
  std::vector<int> counts(weights.size());
  for (int i = 0; i < 500'000; ++i) ++counts[draw.draw(random)];
  EXPECT_LT(worstDeviation(counts, weights), 0.03);
}

TEST(FirstUntried, GoesRound) {
  const Members members({1, 1, 1});
  const std::vector<const upstream::Member*> tried = {members[2], members[0]};
  EXPECT_EQ(firstUntried(members.all(), 2, tried), members[1]);
  EXPECT_EQ(firstUntried(members.all(), 1, tried), members[1]);
}

TEST(FirstUntried, IsNullWhenAllWereTried) {
  const Members members({1, 1});
  const std::vector<const upstream::Member*> tried = {members[1], members[0]};
  EXPECT_EQ(firstUntried(members.all(), 1, tried), nullptr);
}

TEST(FirstUntried, IsNotMisledByMembersThatLeft) {
  const Members members({1, 1});
  const upstream::Member gone;
  const std::vector<const upstream::Member*> tried = {&gone, members[1]};
  EXPECT_EQ(firstUntried(members.all(), 1, tried), members[0]);
}

}  // namespace
}  // namespace weir::mesh
