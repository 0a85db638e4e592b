#include "core/base/random.h"

#include <array>

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Random, TheSameSeedGivesTheSameNumbers) {
  Random left(5);
  Random right(5);
  Random other(6);
  const std::uint64_t first = left.next();
  EXPECT_EQ(right.next(), first);
  EXPECT_NE(other.next(), first);
  EXPECT_NE(left.next(), first);
}

TEST(Random, TheSystemsSeedDiffers) { EXPECT_NE(Random().next(), Random().next()); }

TEST(Random, StaysBelowItsBoundAndReachesAllOfIt) {
  Random random(1);
  std::array<int, 10> counts{};
  for (int i = 0; i < 10'000; ++i) ++counts.at(random.below(10));
  for (const int count : counts) EXPECT_NEAR(count, 1'000, 150);
}

TEST(Random, NothingIsBelowZero) { EXPECT_EQ(Random(1).below(0), 0U); }

TEST(Random, UnitIsAtLeastZeroAndLessThanOne) {
  Random random(1);
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double x = random.unit();
    ASSERT_TRUE(x >= 0 && x < 1);
    sum += x;
  }
  EXPECT_NEAR(sum / 10'000, 0.5, 0.02);
}

}  // namespace
}  // namespace weir
