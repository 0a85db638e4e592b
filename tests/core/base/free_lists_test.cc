#include "core/base/free_lists.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.h"

namespace weir {
namespace {

TEST(FreeLists, UsesAFreedPieceAgainForTheSameSize) {
  FreeLists lists;
  void* const first = lists.allocate(100);
  lists.giveBack(first);
  if (FreeLists::kReuses) {
    EXPECT_EQ(lists.kept(), 128U);
    EXPECT_EQ(lists.allocate(90), first);
    lists.giveBack(first);
  }
  lists.trim(0);
  EXPECT_EQ(lists.kept(), 0U);
}

TEST(FreeLists, PiecesOfAnySizeAreAlignedAndDoNotOverlap) {
  FreeLists lists;
  Random random(1);
  struct Held {
    unsigned char* at;
    std::size_t size;
    unsigned char fill;
  };
  std::vector<Held> held;
  for (int step = 0; step < 20'000; ++step) {
    if (held.size() < 200 && random.below(2) == 0) {
      const std::size_t size = random.below(4096);
      auto* const at = static_cast<unsigned char*>(lists.allocate(size));
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(at) % alignof(std::max_align_t), 0U);
      const auto fill = static_cast<unsigned char>(random.next());
      std::fill_n(at, size, fill);
      held.push_back({at, size, fill});
    } else if (!held.empty()) {
      std::swap(held[random.below(held.size())], held.back());
      const Held one = held.back();
      held.pop_back();
      ASSERT_TRUE(std::all_of(one.at, one.at + one.size, [&](auto c) { return c == one.fill; }));
      lists.giveBack(one.at);
    }
  }
  for (const Held& one : held) lists.giveBack(one.at);
}

TEST(FreeLists, KeepsNoMoreThanItsLimit) {
  FreeLists lists;
  std::vector<void*> pieces;
  for (std::size_t bytes = 0; bytes < 2 * FreeLists::kKeptBytes; bytes += 1024) {
    pieces.push_back(lists.allocate(1000));
  }
  for (void* const piece : pieces) lists.giveBack(piece);
  EXPECT_LE(lists.kept(), FreeLists::kKeptBytes);
  constexpr std::size_t kKeep = 10'000;
  lists.trim(kKeep);
  EXPECT_LE(lists.kept(), kKeep);
  EXPECT_EQ(lists.kept() > 0, FreeLists::kReuses);
}

TEST(FreeLists, ALargePieceIsNotKept) {
  FreeLists lists;
  lists.giveBack(lists.allocate(FreeLists::kMostBytes + 1));
  EXPECT_EQ(lists.kept(), 0U);
}

TEST(FreeLists, ResizingKeepsTheContents) {
  FreeLists lists;
  auto* text = static_cast<char*>(lists.resize(nullptr, 10));
  std::memcpy(text, "0123456789", 10);
  for (const std::size_t bytes : {std::size_t{20}, std::size_t{500}, std::size_t{5000},
                                  std::size_t{100'000}, std::size_t{3000}, std::size_t{10}}) {
    text = static_cast<char*>(lists.resize(text, bytes));
    EXPECT_EQ(std::memcmp(text, "0123456789", 10), 0) << bytes;
    std::memset(text + 10, 1, bytes - 10);
  }
  lists.giveBack(text);
}

TEST(FreeLists, ZeroesAreZeroInAUsedPiece) {
  FreeLists lists;
  void* const used = lists.allocate(64);
  std::memset(used, 1, 64);
  lists.giveBack(used);
  auto* const zeroes = static_cast<unsigned char*>(lists.allocateZeroes(8, 8));
  EXPECT_TRUE(std::all_of(zeroes, zeroes + 64, [](auto c) { return c == 0; }));
  lists.giveBack(zeroes);
}

TEST(FreeLists, AnImpossibleSizeIsRefused) {
  FreeLists lists;
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
  EXPECT_EQ(lists.allocate(kMost - 8), nullptr);
  EXPECT_EQ(lists.allocateZeroes(kMost / 2, 4), nullptr);
  lists.giveBack(nullptr);
}

}  // namespace
}  // namespace weir
