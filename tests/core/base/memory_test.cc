#include "core/base/memory.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Memory, AvailableIsNoMoreThanTheControlGroupAllows) {
  const std::string root = ::testing::TempDir() + "/weir-memory-group";
  std::filesystem::create_directories(root);
  std::ofstream(root + "/memory.max") << "max\n";
  const std::uint64_t machine = memoryAvailable(root);
  EXPECT_GT(machine, 1'000'000U);
  std::ofstream(root + "/memory.max") << "1000000\n";
  EXPECT_EQ(memoryAvailable(root), 1'000'000U);
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace weir
