#include "core/base/idle_trim.h"

#include <vector>

#include <gtest/gtest.h>

namespace weir {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kInterval{500};

// The intervals, counted from 1, after which memory is returned.
std::vector<int> returned(IdleTrim& trim, const std::vector<IdleTrim::Usage>& usages) {
  std::vector<int> due;
  int number = 0;
  for (const auto& usage : usages) {
    ++number;
    if (trim.due(usage, kInterval)) due.push_back(number);
  }
  return due;
}

TEST(IdleTrim, AnIdleProcessReturnsMemoryOnce) {
  IdleTrim trim;
  const IdleTrim::Usage after_start{milliseconds(10), 1000, 0};
  EXPECT_EQ(returned(trim, std::vector(12, after_start)), std::vector{4});
}

TEST(IdleTrim, ABusyProcessKeepsItsMemory) {
  IdleTrim trim;
  std::vector<IdleTrim::Usage> usages;
  for (unsigned n = 1; n <= 12; ++n) usages.push_back({milliseconds(51 * n), 1000U * n});
  EXPECT_EQ(returned(trim, usages), std::vector<int>{});
}

TEST(IdleTrim, MemoryIsReturnedAgainAfterMoreWasUsed) {
  IdleTrim trim;
  std::vector<IdleTrim::Usage> usages(5, {milliseconds(0), 1000});
  usages.resize(10, {milliseconds(0), 1255});
  usages.resize(12, {milliseconds(0), 1256});
  EXPECT_EQ(returned(trim, usages), (std::vector{4, 11}));
}

TEST(IdleTrim, MemoryOfClosedConnectionsIsReturned) {
  IdleTrim trim;
  std::vector<IdleTrim::Usage> usages(5, {milliseconds(0), 1000, 300});
  usages.resize(7, {milliseconds(0), 1000, 201});
  usages.resize(9, {milliseconds(0), 1000, 200});
  EXPECT_EQ(returned(trim, usages), (std::vector{4, 8}));
}

TEST(IdleTrim, TheUsageOfTheProcessGrows) {
  const auto before = IdleTrim::usage(0);
  std::vector<char> pages(std::size_t{8} << 20, 'x');
  EXPECT_EQ(pages.back(), 'x');
  const auto after = IdleTrim::usage(0);
  EXPECT_GT(after.page_faults, before.page_faults);
  EXPECT_GE(after.cpu, before.cpu);
}

}  // namespace
}  // namespace weir
