#include "core/base/clock.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Clock, MonotonicTimeDoesNotGoBack) {
  const Nanoseconds before = monotonicNow();
  EXPECT_GE(monotonicNow(), before);
}

TEST(Clock, WallClockCountsFromTheEpoch) {
  EXPECT_GT(wallClockNow(), std::chrono::hours(24 * 365 * 50));
}

}  // namespace
}  // namespace weir
