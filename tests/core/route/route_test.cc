#include "core/route/route.h"

#include <map>

#include <gtest/gtest.h>

namespace weir::route {
namespace {

std::map<NameId, int> picks(const Forward& forward, int times) {
  Random random(7);
  std::map<NameId, int> counts;
  for (int i = 0; i < times; ++i) ++counts[forward.pick(random).value_or(0)];
  return counts;
}

TEST(Forward, PicksTheOnlyCluster) {
  EXPECT_EQ(picks(Forward({{4, 1}}), 5), (std::map<NameId, int>{{4, 5}}));
}

TEST(Forward, PicksInProportionToTheWeights) {
  const auto counts = picks(Forward({{1, 90}, {2, 90}, {3, 100}}), 10'000);
  EXPECT_NEAR(counts.at(1), 9'000, 200);
  EXPECT_NEAR(counts.at(3), 1'000, 200);
  EXPECT_FALSE(counts.contains(2));
}

TEST(Forward, PicksTheSameClusterForTheSameKey) {
  const Forward before({{1, 10}, {2, 100}});
  const Forward after({{1, 20}, {2, 100}});
  int first = 0;
  int moved = 0;
  for (std::uint64_t key = 0; key < 10'000; ++key) {
    const NameId cluster = before.pick(key).value();
    EXPECT_EQ(before.pick(key), cluster);
    first += cluster == 1 ? 1 : 0;
    // A greater weight takes keys from others and loses none.
    EXPECT_TRUE(cluster != 1 || after.pick(key) == 1U);
    moved += after.pick(key) == cluster ? 0 : 1;
  }
  EXPECT_NEAR(first, 1'000, 150);
  EXPECT_NEAR(moved, 1'000, 150);
  constexpr std::uint64_t kMost = std::uint64_t{1} << 40U;
  EXPECT_EQ(Forward({{1, 0}, {2, kMost}}).pick(std::uint64_t{7}), 2U);
  EXPECT_EQ(Forward({{1, 0}}).pick(std::uint64_t{7}), std::nullopt);
}

TEST(Forward, PicksNothingWithoutWeight) {
  EXPECT_EQ(picks(Forward({{1, 0}, {2, 0}}), 3), (std::map<NameId, int>{{0, 3}}));
  EXPECT_EQ(picks(Forward({{1, 0}}), 3), (std::map<NameId, int>{{0, 3}}));
  EXPECT_EQ(picks(Forward(), 3), (std::map<NameId, int>{{0, 3}}));
}

TEST(Mirror, WantsItsShare) {
  Random random(7);
  int wanted = 0;
  for (int i = 0; i < 10'000; ++i) wanted += static_cast<int>(Mirror{1, 250'000}.wants(random));
  EXPECT_NEAR(wanted, 2'500, 200);
  EXPECT_TRUE((Mirror{1, 1'000'000}.wants(random)));
  EXPECT_FALSE((Mirror{1, 0}.wants(random)));
}

TEST(RetryPolicy, CoversWhatIsSet) {
  RetryPolicy policy;
  policy.failures.set(static_cast<std::size_t>(RetryOn::kReset));
  policy.statuses.add("503");
  EXPECT_TRUE(policy.covers(RetryOn::kReset));
  EXPECT_FALSE(policy.covers(RetryOn::kTimeout));
  EXPECT_TRUE(policy.covers(503));
  EXPECT_FALSE(policy.covers(502));
  EXPECT_FALSE(policy.covers(-1));
  EXPECT_FALSE(policy.covers(1000));
}

}  // namespace
}  // namespace weir::route
