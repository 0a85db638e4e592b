#include "core/base/memory.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <unistd.h>

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

TEST(Memory, ReleasesWholePagesAndNothingElse) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto area = std::make_unique<char[]>(5 * page);
  const std::span<char> bytes(area.get(), 5 * page);
  std::ranges::fill(bytes, 'x');
  releasePages(area.get() + 1, 4 * page);
  const std::size_t kept = static_cast<std::size_t>(std::ranges::count(bytes, 'x'));
  EXPECT_EQ(kept % page, 0U);
  EXPECT_EQ(kept, 2 * page);  // the page of the first byte, and that of the last one
  EXPECT_EQ(bytes.front(), 'x');
  EXPECT_EQ(bytes.back(), 'x');
  bytes[2 * page] = 'y';
  EXPECT_EQ(bytes[2 * page], 'y');
}

}  // namespace
}  // namespace weir
