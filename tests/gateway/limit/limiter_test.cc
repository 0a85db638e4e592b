#include "gateway/limit/limiter.h"

#include <gtest/gtest.h>

#include "gateway/limit/metrics.h"

namespace weir::gateway {
namespace {

using std::chrono::seconds;

constexpr Nanoseconds kNow{5'000'000'000};

LimiterSpec specOf(NameId id, bool shared, UnitRate rate) {
  return {.id = id, .shared = shared, .max_keys = 64, .rules = {{rate, 0}}};
}

std::int64_t remaining(const Limiter& limiter, std::uint64_t key) {
  return limiter.rates(0).look(key, *limiter.spec().rules[0].rate, 0, kNow).remaining;
}

void takeFrom(const Limiter& limiter, std::uint64_t key, std::int64_t units) {
  RateTable::Taken taken;
  limiter.rates(0).take(key, *limiter.spec().rules[0].rate, units, kNow, taken);
}

TEST(Limiters, ANameIsOneLimiter) {
  Limiters limiters;
  const UnitRate rate{seconds(1), 10};
  const auto one = limiters.get(specOf(1, true, rate), kNow);
  EXPECT_EQ(limiters.get(specOf(1, true, rate), kNow), one);
  EXPECT_NE(limiters.get(specOf(2, true, rate), kNow), one);
  EXPECT_NE(limiters.get(specOf(1, false, rate), kNow), one);
}

TEST(Limiters, NothingKeepsALimiterThatNoFilterHas) {
  Limiters limiters;
  const LimiterSpec spec = specOf(1, true, {seconds(1), 10});
  takeFrom(*limiters.get(spec, kNow), 7, 4);
  EXPECT_EQ(remaining(*limiters.get(spec, kNow), 7), 10);
}

TEST(Limiters, AChangedRateKeepsTheUsedFraction) {
  Limiters limiters;
  const auto old = limiters.get(specOf(1, true, {seconds(1), 10}), kNow);
  takeFrom(*old, 7, 4);
  takeFrom(*old, 8, 10);
  const auto changed = limiters.get(specOf(1, true, {Milliseconds(100), 50}), kNow);
  EXPECT_NE(changed, old);
  EXPECT_EQ(remaining(*changed, 7), 30);
  EXPECT_EQ(remaining(*changed, 8), 0);
  EXPECT_EQ(remaining(*changed, 9), 50);
}

TEST(Limiters, CountsTheKeysOfEachName) {
  Limiters limiters;
  MetricCells cells;
  const UnitRate rate{seconds(1), 10};
  auto one = limiters.get(specOf(1, true, rate), kNow);
  const auto other = limiters.get(specOf(1, false, rate), kNow);
  takeFrom(*one, 7, 4);
  takeFrom(*one, 8, 4);
  takeFrom(*other, 8, 4);
  limiters.count(kNow, cells);
  EXPECT_EQ(cells.gauge(limitKeysKey(1)).value(), 3);
  one = nullptr;
  limiters.count(kNow + seconds(1), cells);
  EXPECT_EQ(cells.gauge(limitKeysKey(1)).value(), 3);
  limiters.count(kNow + seconds(6), cells);
  EXPECT_EQ(cells.gauge(limitKeysKey(1)).value(), 0);
}

TEST(InFlightTable, CountsEachKey) {
  InFlightTable table(64);
  const auto first = table.enter(1, 2);
  const auto second = table.enter(1, 2);
  EXPECT_EQ(second.others, 1U);
  EXPECT_FALSE(table.enter(1, 2).allowed);
  EXPECT_TRUE(table.enter(2, 2).allowed);
  EXPECT_EQ(table.keys(), 2U);
  InFlightTable::leave(first.place);
  EXPECT_TRUE(table.enter(1, 2).allowed);
  EXPECT_FALSE(table.enter(1, 2).allowed);
}

TEST(InFlightTable, RequestsWithoutRoomAreNotCounted) {
  InFlightTable table(8);
  for (std::uint64_t key = 1; key <= 8; ++key) EXPECT_FALSE(table.enter(key, 1).uncounted);
  for (int i = 0; i < 3; ++i) {
    const auto entry = table.enter(9, 1);
    EXPECT_TRUE(entry.allowed);
    EXPECT_TRUE(entry.uncounted);
    InFlightTable::leave(entry.place);
  }
  EXPECT_FALSE(table.enter(1, 1).allowed);
}

}  // namespace
}  // namespace weir::gateway
