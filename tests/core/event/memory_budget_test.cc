#include "core/event/memory_budget.h"

#include <gtest/gtest.h>

#include "core/base/buffer.h"
#include "core/event/loop.h"

namespace weir::event {
namespace {

TEST(MemoryBudget, WithoutThresholdsThereIsNoOverload) {
  MemoryBudget budget;
  budget.add(std::int64_t{1} << 40);
  EXPECT_EQ(budget.level(), Overload::kNone);
}

TEST(MemoryBudget, LevelsRiseAtTheThresholdsAndFallATenthBelow) {
  MemoryBudget budget;
  budget.setThresholds(1'000, 2'000);
  budget.add(999);
  EXPECT_EQ(budget.level(), Overload::kNone);
  budget.add(1);
  EXPECT_EQ(budget.level(), Overload::kRefuseConnections);
  budget.add(1'000);
  EXPECT_EQ(budget.level(), Overload::kResetStreams);
  budget.add(-200);
  EXPECT_EQ(budget.level(), Overload::kResetStreams);
  budget.add(-1);
  EXPECT_EQ(budget.level(), Overload::kRefuseConnections);
  budget.add(-899);
  EXPECT_EQ(budget.level(), Overload::kRefuseConnections);
  budget.add(-1);
  EXPECT_EQ(budget.level(), Overload::kNone);
}

TEST(MemoryBudget, CountsWhatALoopHasLent) {
  MemoryBudget budget;
  budget.setThresholds(1'000'000, 0);
  Loop loop(Loop::Time::kManual);
  loop.setBudget(budget);
  EXPECT_EQ(loop.overload(), Overload::kNone);
  const std::string bytes(1'000'000, 'x');
  Buffer buffer(loop.chunks());
  buffer.append({bytes.data(), bytes.size()});
  EXPECT_EQ(loop.overload(), Overload::kRefuseConnections);
  EXPECT_GE(budget.used(), 1'000'000);
  buffer.clear();
  EXPECT_EQ(loop.overload(), Overload::kNone);
  EXPECT_LT(budget.used(), 100'000);
  loop.addHeld(1'000'000);
  EXPECT_EQ(loop.overload(), Overload::kRefuseConnections);
  loop.addHeld(-1'000'000);
  EXPECT_EQ(loop.overload(), Overload::kNone);
}

}  // namespace
}  // namespace weir::event
