#include "gateway/limit/lease_table.h"

#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace weir::gateway {
namespace {

constexpr Milliseconds kTime{1'000'000};
constexpr Milliseconds kSecond{1'000};
constexpr std::uint64_t kKey = 7;

TEST(LeaseTable, UnitsAreTakenUntilNoneIsLeft) {
  LeaseTable table(64, kTime);
  EXPECT_EQ(table.take(kKey, 1, kTime), std::nullopt);
  table.put(kKey, 3, kTime + kSecond, kTime);
  EXPECT_EQ(table.take(kKey, 4, kTime), std::nullopt);
  EXPECT_EQ(table.take(kKey, 2, kTime), 1);
  EXPECT_EQ(table.take(kKey, 2, kTime), std::nullopt);
  EXPECT_EQ(table.take(kKey, 1, kTime), 0);
  EXPECT_EQ(table.units(kKey, kTime), 0);
}

TEST(LeaseTable, UnitsExpire) {
  LeaseTable table(64, kTime);
  table.put(kKey, 3, kTime + kSecond, kTime);
  EXPECT_EQ(table.units(kKey, kTime + kSecond - Milliseconds(1)), 3);
  EXPECT_EQ(table.units(kKey, kTime + kSecond), 0);
  EXPECT_EQ(table.take(kKey, 1, kTime + kSecond), std::nullopt);
  table.giveBack(kKey, 1, kTime + kSecond);
  EXPECT_EQ(table.units(kKey, kTime + kSecond), 0);
  table.put(kKey, 2, kTime + 3 * kSecond, kTime + kSecond);
  EXPECT_EQ(table.units(kKey, kTime + kSecond), 2);
}

TEST(LeaseTable, MoreUnitsMakeTheOthersLastLonger) {
  LeaseTable table(64, kTime);
  table.put(kKey, 3, kTime + kSecond, kTime);
  table.put(kKey, 2, kTime + 2 * kSecond, kTime);
  EXPECT_EQ(table.units(kKey, kTime + kSecond), 5);
  table.put(kKey, 1, kTime, kTime);
  EXPECT_EQ(table.units(kKey, kTime + kSecond), 6);
}

TEST(LeaseTable, GivesBack) {
  LeaseTable table(64, kTime);
  table.put(kKey, 3, kTime + kSecond, kTime);
  table.take(kKey, 2, kTime);
  table.giveBack(kKey, 2, kTime);
  EXPECT_EQ(table.units(kKey, kTime), 3);
}

TEST(LeaseTable, OnlyOneCallerRenewsAKey) {
  LeaseTable table(64, kTime);
  EXPECT_TRUE(table.mark(kKey, kTime + kSecond, kTime));
  EXPECT_FALSE(table.mark(kKey, kTime + kSecond, kTime));
  EXPECT_EQ(table.take(kKey, 1, kTime), std::nullopt);
  table.put(kKey, 2, kTime + 2 * kSecond, kTime);
  EXPECT_EQ(table.units(kKey, kTime), 2);
  EXPECT_TRUE(table.mark(kKey, kTime, kTime));
  EXPECT_EQ(table.take(kKey, 1, kTime), 1);
  EXPECT_FALSE(table.mark(kKey, kTime + kSecond, kTime));
}

TEST(LeaseTable, AMarkIsLostWithItsTime) {
  LeaseTable table(64, kTime);
  EXPECT_TRUE(table.mark(kKey, kTime + kSecond, kTime));
  EXPECT_TRUE(table.mark(kKey, kTime + 2 * kSecond, kTime + kSecond));
}

TEST(LeaseTable, UnitsAreLimited) {
  LeaseTable table(64, kTime);
  table.put(kKey, LeaseTable::kMostUnits, kTime + kSecond, kTime);
  table.put(kKey, LeaseTable::kMostUnits, kTime + kSecond, kTime);
  EXPECT_EQ(table.units(kKey, kTime), LeaseTable::kMostUnits);
  table.giveBack(kKey, 5, kTime);
  EXPECT_EQ(table.units(kKey, kTime), LeaseTable::kMostUnits);
  table.put(kKey, -5, kTime + kSecond, kTime);
  EXPECT_EQ(table.units(kKey, kTime), LeaseTable::kMostUnits);
}

TEST(LeaseTable, WithoutRoomTheKeyThatExpiresFirstIsForgotten) {
  LeaseTable table(8, kTime);
  for (std::uint64_t key = 1; key <= 9; ++key) {
    table.put(key, 1, kTime + static_cast<std::int64_t>(key) * kSecond, kTime);
  }
  EXPECT_EQ(table.units(1, kTime), 0);
  EXPECT_EQ(table.units(2, kTime), 1);
  EXPECT_EQ(table.units(9, kTime), 1);
}

TEST(LeaseTable, ThreadsTakeEachUnitOnce) {
  constexpr std::int64_t kUnits = 20'000;
  LeaseTable table(64, kTime);
  table.put(kKey, kUnits, kTime + kSecond, kTime);
  std::vector<std::int64_t> taken(4);
  std::vector<std::thread> threads;
  for (auto& each : taken) {
    threads.emplace_back([&] {
      while (table.take(kKey, 1, kTime)) ++each;
    });
  }
  for (auto& thread : threads) thread.join();
  std::int64_t all = 0;
  for (const auto& each : taken) all += each;
  EXPECT_EQ(all, kUnits);
}

}  // namespace
}  // namespace weir::gateway
