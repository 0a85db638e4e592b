#include "core/http/h2/token_bucket.h"

#include <gtest/gtest.h>

namespace weir::http::h2 {
namespace {

TEST(TokenBucket, ABurstThenTheRate) {
  TokenBucket allowance({.burst = 3, .per_second = 2});
  Milliseconds now{1'000};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(allowance.take(now, 0));
  EXPECT_FALSE(allowance.take(now, 0));
  now += Milliseconds(499);
  EXPECT_FALSE(allowance.take(now, 0));
  now += Milliseconds(1);
  EXPECT_TRUE(allowance.take(now, 0));
  EXPECT_FALSE(allowance.take(now, 0));
}

TEST(TokenBucket, HoldsNoMoreThanTheBurst) {
  TokenBucket allowance({.burst = 2, .per_second = 1'000});
  EXPECT_TRUE(allowance.take(Milliseconds(1), 0));
  const Milliseconds later{1'000'000};
  EXPECT_TRUE(allowance.take(later, 0));
  EXPECT_TRUE(allowance.take(later, 0));
  EXPECT_FALSE(allowance.take(later, 0));
}

TEST(TokenBucket, ARateOfNoneIsTheBurstAlone) {
  TokenBucket allowance({.burst = 1, .per_second = 0});
  EXPECT_TRUE(allowance.take(Milliseconds(1), 0));
  EXPECT_FALSE(allowance.take(Milliseconds(100'000), 0));
}

TEST(TokenBucket, GrowsWithWork) {
  TokenBucket allowance({.burst = 2, .per_second = 0});
  const Milliseconds now{1};
  for (std::uint64_t work = 1; work <= 1'000; ++work) EXPECT_TRUE(allowance.take(now, work));
  // One token per unit, each only once.
  EXPECT_TRUE(allowance.take(now, 1'000));
  EXPECT_TRUE(allowance.take(now, 1'001));
  EXPECT_FALSE(allowance.take(now, 1'001));
}

TEST(TokenBucket, WorkFillsItNoFurtherThanTheBurst) {
  TokenBucket allowance({.burst = 2, .per_second = 0});
  EXPECT_TRUE(allowance.take(Milliseconds(1), 1'000'000));
  EXPECT_TRUE(allowance.take(Milliseconds(1), 1'000'000));
  EXPECT_FALSE(allowance.take(Milliseconds(1), 1'000'000));
}

TEST(TokenBucket, PartsOfAToken) {
  TokenBucket allowance({.burst = 1, .per_second = 0});
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(allowance.take(Milliseconds(1), 0, TokenBucket::kWhole / 10));
  }
  EXPECT_FALSE(allowance.take(Milliseconds(1), 0, TokenBucket::kWhole / 10));
}

}  // namespace
}  // namespace weir::http::h2
