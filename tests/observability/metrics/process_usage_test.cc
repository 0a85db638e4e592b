#include "observability/metrics/process_usage.h"

#include <string>

#include <gtest/gtest.h>

namespace weir::metrics {
namespace {

TEST(ProcessStat, IsReadBehindANameWithParentheses) {
  const auto stat = parseProcessStat(
      "4711 (we) ir (x) S 1 4711 4711 0 -1 4194304 1103 0 0 0 12 34 0 0 20 0 5 0 987654 "
      "223456768 2048 18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0\n");
  ASSERT_TRUE(stat.has_value());
  EXPECT_EQ(stat->start_ticks, 987654U);
  EXPECT_EQ(stat->virtual_bytes, 223456768U);
  EXPECT_EQ(stat->resident_pages, 2048U);
}

TEST(ProcessStat, IsNothingWhenTheTextIsCut) {
  EXPECT_FALSE(parseProcessStat("").has_value());
  EXPECT_FALSE(parseProcessStat("4711 (weir)").has_value());
  EXPECT_FALSE(parseProcessStat("4711 (weir) S 1 4711").has_value());
}

TEST(BootTime, IsFoundAmongTheOtherLines) {
  EXPECT_EQ(parseBootTime("cpu 1 2 3\nctxt 99\nbtime 1700000000\nprocesses 5\n"), 1700000000U);
  EXPECT_FALSE(parseBootTime("cpu 1 2 3\n").has_value());
}

TEST(ProcessUsage, OfThisProcessIsPlausible) {
  const ProcessUsage usage = readProcessUsage();
  EXPECT_GT(usage.resident_bytes, 0U);
  EXPECT_GE(usage.virtual_bytes, usage.resident_bytes);
  EXPECT_GE(usage.open_descriptors, 1U);
  EXPECT_GE(usage.max_descriptors, usage.open_descriptors);
  EXPECT_GT(usage.start_time_seconds, 1.6e9);
}

}  // namespace
}  // namespace weir::metrics
