#include "core/event/processors.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace weir::event {
namespace {

unsigned with(const std::string& quota) {
  const test::TemporaryDirectory group;
  test::writeFile(group.path() + "/cpu.max", quota + "\n");
  return processorsOf(group.path(), 8);
}

TEST(Processors, AreThoseThatTheControlGroupAllows) {
  EXPECT_EQ(with("200000 100000"), 2U);
  EXPECT_EQ(with("150000 100000"), 2U);
  EXPECT_EQ(with("1000 100000"), 1U);
  EXPECT_EQ(with("9000000 100000"), 8U);
}

TEST(Processors, WithoutALimitAllCount) {
  EXPECT_EQ(with("max 100000"), 8U);
  EXPECT_EQ(with("nonsense"), 8U);
  EXPECT_EQ(with("100000 0"), 8U);
  EXPECT_EQ(processorsOf("/nonexistent", 8), 8U);
  EXPECT_EQ(processorsOf("/nonexistent", 0), 1U);
}

TEST(Processors, ControlGroupsOfVersion1HaveTwoFiles) {
  const test::TemporaryDirectory group;
  std::filesystem::create_directory(group.path() + "/cpu");
  test::writeFile(group.path() + "/cpu/cpu.cfs_period_us", "100000\n");
  test::writeFile(group.path() + "/cpu/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(processorsOf(group.path(), 8), 8U);
  test::writeFile(group.path() + "/cpu/cpu.cfs_quota_us", "300000\n");
  EXPECT_EQ(processorsOf(group.path(), 8), 3U);
}

}  // namespace
}  // namespace weir::event
