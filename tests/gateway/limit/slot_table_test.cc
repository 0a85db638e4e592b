#include "gateway/limit/slot_table.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.h"

namespace weir::gateway {
namespace {

using Added = SlotTable::Added;

constexpr std::int64_t kFloor = 1'000;

std::int64_t heightOf(const SlotTable& table, std::uint64_t key) {
  const SlotTable::Found found = table.find(key);
  return found ? found.above(kFloor) : 0;
}

Added addTo(SlotTable& table, std::uint64_t key, std::int64_t number, bool replaces = true) {
  SlotTable::Found found;
  return table.add(key, number, kFloor, replaces, found);
}

TEST(SlotTable, HasRoomForTheKeys) {
  EXPECT_EQ(SlotTable(1, 0).size(), 8U);
  EXPECT_EQ(SlotTable(9, 0).size(), 16U);
  EXPECT_EQ(SlotTable(65'536, 0).size(), 65'536U);
  EXPECT_EQ(SlotTable(65'536, kFloor).used(kFloor), 0U);
}

TEST(SlotTable, FindsWhatWasAdded) {
  SlotTable table(64, kFloor);
  EXPECT_FALSE(table.find(7));
  EXPECT_EQ(addTo(table, 7, kFloor + 5), Added::kAdded);
  EXPECT_EQ(heightOf(table, 7), 5);
  EXPECT_EQ(addTo(table, 7, kFloor + 9), Added::kPresent);
  EXPECT_EQ(heightOf(table, 7), 5);
  EXPECT_EQ(table.used(kFloor), 1U);
  EXPECT_EQ(table.used(kFloor + 5), 0U);
}

TEST(SlotTable, ChangesANumberOnlyIfItIsStillTheSame) {
  SlotTable table(64, kFloor);
  addTo(table, 7, kFloor + 5);
  SlotTable::Found one = table.find(7);
  SlotTable::Found other = table.find(7);
  EXPECT_TRUE(SlotTable::change(one, kFloor + 6));
  EXPECT_FALSE(SlotTable::change(other, kFloor + 7));
  EXPECT_TRUE(SlotTable::change(one, kFloor + 8));
  EXPECT_EQ(heightOf(table, 7), 8);
}

TEST(SlotTable, LowersTheNumberWhateverItIs) {
  SlotTable table(64, kFloor);
  addTo(table, 7, kFloor + 50);
  const SlotTable::Found old = table.find(7);
  SlotTable::Found now = old;
  EXPECT_TRUE(SlotTable::change(now, kFloor + 80));
  SlotTable::lower(old, 30);
  EXPECT_EQ(heightOf(table, 7), 50);
}

// Keys of one group only, so that the table is full.
struct FullTable {
  SlotTable table{8, kFloor};
  FullTable() {
    for (std::uint64_t key = 1; key <= 8; ++key) {
      EXPECT_EQ(addTo(table, key, kFloor + 100 + static_cast<std::int64_t>(key)), Added::kAdded);
    }
  }
};

TEST(SlotTable, ReplacesTheLowestNumber) {
  FullTable full;
  EXPECT_EQ(addTo(full.table, 20, kFloor + 500), Added::kReplaced);
  EXPECT_FALSE(full.table.find(1));
  for (std::uint64_t key = 2; key <= 8; ++key) EXPECT_TRUE(full.table.find(key));
  EXPECT_EQ(heightOf(full.table, 20), 500);
}

TEST(SlotTable, ReplacesNothingUnlessItMay) {
  FullTable full;
  EXPECT_EQ(addTo(full.table, 20, kFloor + 500, false), Added::kFull);
  EXPECT_FALSE(full.table.find(20));
  EXPECT_EQ(full.table.used(kFloor), 8U);
}

TEST(SlotTable, ReusesFreeSlots) {
  FullTable full;
  SlotTable::Found found;
  EXPECT_EQ(full.table.add(20, kFloor + 500, kFloor + 101, false, found), Added::kAdded);
  EXPECT_FALSE(full.table.find(1));
  EXPECT_EQ(found.above(kFloor), 500);
}

TEST(SlotTable, ASlotThatWasReplacedIsNotChanged) {
  FullTable full;
  SlotTable::Found old = full.table.find(1);
  // The new key has the number of the old one.
  EXPECT_EQ(addTo(full.table, 20, kFloor + 101), Added::kReplaced);
  EXPECT_FALSE(SlotTable::change(old, kFloor + 900));
  EXPECT_EQ(heightOf(full.table, 20), 101);
}

TEST(SlotTable, ASlotThatWasReplacedIsNotLowered) {
  FullTable full;
  const SlotTable::Found old = full.table.find(1);
  addTo(full.table, 20, kFloor + 101);
  SlotTable::lower(old, 50);
  EXPECT_EQ(heightOf(full.table, 20), 101);
}

TEST(SlotTable, DifferencesWrapAround) {
  constexpr std::int64_t kTop = (std::int64_t{1} << 57) - 1;
  SlotTable table(8, kTop);
  SlotTable::Found found;
  EXPECT_EQ(table.add(3, kTop + 10, kTop, false, found), Added::kAdded);
  EXPECT_EQ(table.find(3).above(kTop), 10);
  EXPECT_EQ(table.find(3).above(kTop + 4), 6);
  EXPECT_EQ(table.used(kTop), 1U);
}

TEST(SlotTable, HoldsRandomKeysUpToThreeQuarters) {
  SlotTable table(65'536, kFloor);
  Random random(1);
  std::map<std::uint64_t, std::int64_t> expected;
  while (expected.size() < table.size() * 3 / 4) {
    const std::uint64_t key = random.next();
    const auto height = static_cast<std::int64_t>(1 + random.below(1'000'000));
    if (!expected.emplace(key, height).second) continue;
    ASSERT_EQ(addTo(table, key, kFloor + height, false), Added::kAdded);
  }
  for (const auto& [key, height] : expected) ASSERT_EQ(heightOf(table, key), height);
}

// Threads that add the same few keys to a table that is too small, and raise their numbers: each
// raise must be counted for exactly the key for which it was made, or be lost with its slot.
TEST(SlotTable, ThreadsNeverChangeAnotherKey) {
  // The number of a key is a multiple of the key: a raise of another one would break that.
  constexpr std::uint64_t kKeys[] = {3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41};
  SlotTable table(8, 0);
  std::atomic<int> raised{0};
  std::atomic<int> wrong{0};
  const auto run = [&](std::uint64_t seed) {
    Random random(seed);
    for (int i = 0; i < 50'000; ++i) {
      const std::uint64_t key = kKeys[random.below(std::size(kKeys))];
      const auto step = static_cast<std::int64_t>(key);
      SlotTable::Found found = table.find(key);
      if (!found) {
        table.add(key, step, 0, true, found);
      } else if (SlotTable::change(found, found.above(0) % (step << 20) + step)) {
        if (found.above(0) % step != 0) ++wrong;
        ++raised;
      }
    }
  };
  std::vector<std::thread> threads;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) threads.emplace_back(run, seed);
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(raised, 0);
  for (const std::uint64_t key : kKeys) {
    if (const auto found = table.find(key)) {
      EXPECT_EQ(found.above(0) % static_cast<std::int64_t>(key), 0) << key;
    }
  }
}

// Each key is added by all threads at once: it must end up in one slot, with all their raises.
TEST(SlotTable, ThreadsThatAddTheSameKeyShareItsSlot) {
  constexpr std::uint64_t kKeys = 2'000;
  constexpr int kThreads = 4;
  SlotTable table(16'384, 0);
  std::atomic<int> arrived{0};
  const auto run = [&] {
    ++arrived;
    while (arrived < kThreads) std::this_thread::yield();
    for (std::uint64_t key = 1; key <= kKeys; ++key) {
      for (;;) {
        SlotTable::Found found = table.find(key * 0x9E3779B97F4A7C15U);
        if (found && SlotTable::change(found, found.above(0) + 1)) break;
        if (found) continue;
        if (table.add(key * 0x9E3779B97F4A7C15U, 1, 0, true, found) == Added::kAdded) break;
      }
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(run);
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(table.used(0), kKeys);
  for (std::uint64_t key = 1; key <= kKeys; ++key) {
    EXPECT_EQ(table.find(key * 0x9E3779B97F4A7C15U).above(0), kThreads);
  }
}

}  // namespace
}  // namespace weir::gateway
