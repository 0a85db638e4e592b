#include "core/http/h2/allowance.h"

#include <gtest/gtest.h>

namespace weir::http::h2 {
namespace {

TEST(Allowance, ABurstThenTheRate) {
  Allowance allowance({.burst = 3, .per_second = 2});
  Milliseconds now{1'000};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(allowance.take(now));
  EXPECT_FALSE(allowance.take(now));
  now += Milliseconds(499);
  EXPECT_FALSE(allowance.take(now));
  now += Milliseconds(1);
  EXPECT_TRUE(allowance.take(now));
  EXPECT_FALSE(allowance.take(now));
}

TEST(Allowance, HoldsNoMoreThanTheBurst) {
  Allowance allowance({.burst = 2, .per_second = 1'000});
  EXPECT_TRUE(allowance.take(Milliseconds(1)));
  const Milliseconds later{1'000'000};
  EXPECT_TRUE(allowance.take(later));
  EXPECT_TRUE(allowance.take(later));
  EXPECT_FALSE(allowance.take(later));
}

TEST(Allowance, ARateOfNoneIsTheBurstAlone) {
  Allowance allowance({.burst = 1, .per_second = 0});
  EXPECT_TRUE(allowance.take(Milliseconds(1)));
  EXPECT_FALSE(allowance.take(Milliseconds(100'000)));
}

}  // namespace
}  // namespace weir::http::h2
