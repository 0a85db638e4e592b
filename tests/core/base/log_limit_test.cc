#include "core/base/log_limit.h"

#include <gtest/gtest.h>

namespace weir::log {
namespace {

TEST(LogLimit, TakesTenAtOnceAndOneASecondAfterThat) {
  Limit limit;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(limit.admit("line", Milliseconds(0)), "line") << i;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(limit.admit("line", Milliseconds(900)), "");
  EXPECT_EQ(limit.admit("line", Milliseconds(1'000)), "line (5 more like this before)");
  EXPECT_EQ(limit.admit("line", Milliseconds(1'999)), "");
  EXPECT_EQ(limit.admit("line", Milliseconds(2'000)), "line (1 more like this before)");
}

TEST(LogLimit, SavesNoMoreThanTen) {
  Limit limit;
  int taken = 0;
  for (int i = 0; i < 100; ++i)
    taken += limit.admit("line", Milliseconds(3'600'000)).empty() ? 0 : 1;
  EXPECT_EQ(taken, 10);
}

}  // namespace
}  // namespace weir::log
