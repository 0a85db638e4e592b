#include "gateway/limit/replica_count.h"

#include <gtest/gtest.h>

namespace weir::gateway {
namespace {

constexpr Milliseconds kBegin{1'000};
constexpr Milliseconds kOneSecond{1'000};

TEST(ReplicaCount, IsOneUntilTheListIsKnown) {
  ReplicaCount count;
  EXPECT_FALSE(count.update(0, kBegin));
  EXPECT_EQ(count.value(), 1U);
}

TEST(ReplicaCount, GrowsAtOnce) {
  ReplicaCount count;
  EXPECT_TRUE(count.update(3, kBegin));
  EXPECT_EQ(count.value(), 3U);
  EXPECT_FALSE(count.update(3, kBegin));
  EXPECT_TRUE(count.update(5, kBegin));
  EXPECT_EQ(count.value(), 5U);
}

TEST(ReplicaCount, FallsAfterAWhile) {
  ReplicaCount count;
  count.update(5, kBegin);
  EXPECT_FALSE(count.update(4, kBegin));
  EXPECT_FALSE(count.update(3, kBegin + 9 * kOneSecond));
  EXPECT_EQ(count.value(), 5U);
  EXPECT_TRUE(count.update(3, kBegin + 10 * kOneSecond));
  EXPECT_EQ(count.value(), 3U);
}

TEST(ReplicaCount, AnInstanceThatIsBackInTimeChangesNothing) {
  ReplicaCount count;
  count.update(5, kBegin);
  count.update(4, kBegin);
  count.update(5, kBegin + 9 * kOneSecond);
  EXPECT_FALSE(count.update(4, kBegin + 11 * kOneSecond));
  EXPECT_EQ(count.value(), 5U);
}

TEST(ReplicaCount, AnEmptyListIsNotBelieved) {
  ReplicaCount count;
  count.update(5, kBegin);
  EXPECT_FALSE(count.update(0, kBegin));
  EXPECT_FALSE(count.update(0, kBegin + 60 * kOneSecond));
  EXPECT_EQ(count.value(), 5U);
}

}  // namespace
}  // namespace weir::gateway
