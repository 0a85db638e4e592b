#include "core/base/arena.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(BlockPool, LendsAgainWhatWasGivenBack) {
  BlockPool pool(128);
  void* const first = pool.lend();
  void* const second = pool.lend();
  EXPECT_NE(first, second);
  EXPECT_EQ(pool.lent(), 2U);
  pool.giveBack(first);
  EXPECT_EQ(pool.lend(), first);
  pool.giveBack(first);
  pool.giveBack(second);
  EXPECT_EQ(pool.lent(), 0U);
}

TEST(BlockPool, KeepsAsManyIdleBlocksAsItIsTold) {
  BlockPool pool(128);
  void* const first = pool.lend();
  void* const second = pool.lend();
  pool.giveBack(first);
  pool.giveBack(second);
  pool.trim(1);
  EXPECT_EQ(pool.lend(), first);
  pool.giveBack(first);
  pool.trim(0);
  EXPECT_EQ(pool.lent(), 0U);
}

TEST(BlockPool, ABlockIsNeverTooSmallToBeKept) {
  EXPECT_GE(BlockPool(1).blockBytes(), sizeof(void*));
}

class ArenaTest : public ::testing::Test {
 protected:
  BlockPool pool{256};
  Arena arena{pool};
};

TEST_F(ArenaTest, HandsOutPiecesSideBySide) {
  char* const first = arena.allocate(3);
  EXPECT_EQ(arena.allocate(3), first + 3);
  EXPECT_EQ(pool.lent(), 1U);
}

TEST_F(ArenaTest, Aligns) {
  arena.allocate(1);
  const auto at = reinterpret_cast<std::uintptr_t>(arena.allocate(8, 8));
  EXPECT_EQ(at % 8, 0U);
  const auto* array = arena.array<std::uint64_t>(3);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(array) % alignof(std::uint64_t), 0U);
}

TEST_F(ArenaTest, TakesAnotherBlockWhenOneIsFull) {
  for (int i = 0; i < 10; ++i) arena.allocate(100);
  EXPECT_GE(pool.lent(), 5U);
  arena.reset();
  EXPECT_EQ(pool.lent(), 0U);
}

TEST_F(ArenaTest, ALargePieceLeavesTheBlockInUseAlone) {
  char* const before = arena.allocate(10);
  char* const large = arena.allocate(10'000);
  large[9'999] = 'x';
  EXPECT_EQ(arena.allocate(10), before + 10);
  EXPECT_EQ(pool.lent(), 1U);
}

TEST_F(ArenaTest, ALargePieceMayBeTheFirst) {
  arena.allocate(10'000);
  EXPECT_EQ(pool.lent(), 0U);
  arena.allocate(10);
  arena.reset();
  EXPECT_EQ(pool.lent(), 0U);
}

TEST_F(ArenaTest, TakesBackTheTailOfTheLatestPiece) {
  char* const piece = arena.allocate(100);
  arena.giveBack(piece + 10, piece + 100);
  EXPECT_EQ(arena.allocate(1), piece + 10);
}

TEST_F(ArenaTest, DoesNotTakeBackWhatIsNotTheLatest) {
  char* const piece = arena.allocate(100);
  arena.allocate(1);
  arena.giveBack(piece + 10, piece + 100);
  EXPECT_EQ(arena.allocate(1), piece + 101);
}

TEST_F(ArenaTest, CopiesTexts) {
  std::string text = "hello";
  const std::string_view copy = arena.copy(text);
  text = "other";
  EXPECT_EQ(copy, "hello");
  EXPECT_EQ(arena.copy(""), "");
}

TEST_F(ArenaTest, GivesEverythingBackAtItsEnd) {
  {
    Arena inner(pool);
    inner.allocate(10);
    EXPECT_EQ(pool.lent(), 1U);
  }
  EXPECT_EQ(pool.lent(), 0U);
}

}  // namespace
}  // namespace weir
