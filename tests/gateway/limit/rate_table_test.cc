#include "gateway/limit/rate_table.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.h"

namespace weir::gateway {
namespace {

using std::chrono::seconds;

constexpr Nanoseconds kStart{1'000'000'007};
constexpr UnitRate kTenPerSecond{Milliseconds(100), 5};

struct Bucket {
  RateTable table{64, kStart};
  UnitRate rate = kTenPerSecond;
  Nanoseconds now = kStart;

  Decision take(std::int64_t cost = 1, std::uint64_t key = 1) {
    RateTable::Taken taken;
    return table.take(key, rate, cost, now, taken);
  }
  int takeMany(int attempts) {
    int allowed = 0;
    for (int i = 0; i < attempts; ++i) allowed += take().allowed ? 1 : 0;
    return allowed;
  }
};

TEST(RateTable, AllowsTheBurstAndThenTheRate) {
  Bucket bucket;
  EXPECT_EQ(bucket.takeMany(20), 5);
  bucket.now += Milliseconds(99);
  EXPECT_EQ(bucket.takeMany(20), 0);
  bucket.now += Milliseconds(1);
  EXPECT_EQ(bucket.takeMany(20), 1);
  bucket.now += Milliseconds(350);
  EXPECT_EQ(bucket.takeMany(20), 3);
  bucket.now += Milliseconds(50);
  EXPECT_EQ(bucket.takeMany(20), 1);
  bucket.now += std::chrono::hours(1);
  EXPECT_EQ(bucket.takeMany(20), 5);
}

TEST(RateTable, TellsWhatRemains) {
  Bucket bucket;
  const Decision first = bucket.take();
  EXPECT_TRUE(first.allowed);
  EXPECT_EQ(first.remaining, 4);
  EXPECT_EQ(first.until_full, Milliseconds(100));
  EXPECT_EQ(first.retry_after, Nanoseconds(0));
  bucket.takeMany(4);
  bucket.now += Milliseconds(30);
  const Decision refused = bucket.take();
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.remaining, 0);
  EXPECT_EQ(refused.until_full, Milliseconds(470));
  EXPECT_EQ(refused.retry_after, Milliseconds(70));
  bucket.now += refused.retry_after;
  EXPECT_TRUE(bucket.take().allowed);
}

TEST(RateTable, TakesSeveralUnits) {
  Bucket bucket;
  EXPECT_EQ(bucket.take(3).remaining, 2);
  const Decision refused = bucket.take(4);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.remaining, 2);
  EXPECT_EQ(refused.retry_after, Milliseconds(200));
  EXPECT_EQ(bucket.take(2).remaining, 0);
}

TEST(RateTable, ACostOverTheBurstIsNeverAllowed) {
  Bucket bucket;
  for (const std::int64_t cost : {std::int64_t{6}, std::numeric_limits<std::int64_t>::max()}) {
    const Decision refused = bucket.take(cost);
    EXPECT_FALSE(refused.allowed);
    EXPECT_EQ(refused.remaining, 5);
    EXPECT_EQ(refused.retry_after, Nanoseconds(0));
  }
  EXPECT_EQ(bucket.table.keys(bucket.now), 0U);
}

TEST(RateTable, ACostOfZeroChangesNothing) {
  Bucket bucket;
  EXPECT_EQ(bucket.take(0).remaining, 5);
  EXPECT_EQ(bucket.table.keys(bucket.now), 0U);
  bucket.takeMany(5);
  const Decision look = bucket.take(0);
  EXPECT_TRUE(look.allowed);
  EXPECT_EQ(look.remaining, 0);
}

TEST(RateTable, ANegativeCostGivesBackUntilTheBucketIsFull) {
  Bucket bucket;
  EXPECT_EQ(bucket.take(-3).remaining, 5);
  EXPECT_EQ(bucket.table.keys(bucket.now), 0U);
  bucket.takeMany(5);
  EXPECT_EQ(bucket.take(-2).remaining, 2);
  EXPECT_EQ(bucket.take(std::numeric_limits<std::int64_t>::min()).remaining, 5);
  EXPECT_EQ(bucket.takeMany(20), 5);
}

TEST(RateTable, KeysAreIndependent) {
  Bucket bucket;
  bucket.takeMany(5);
  EXPECT_FALSE(bucket.take(1, 1).allowed);
  EXPECT_TRUE(bucket.take(1, 2).allowed);
  EXPECT_EQ(bucket.table.keys(bucket.now), 2U);
  EXPECT_EQ(bucket.table.keys(bucket.now + Milliseconds(100)), 1U);
  EXPECT_EQ(bucket.table.keys(bucket.now + Milliseconds(500)), 0U);
}

TEST(RateTable, ALateClockAllowsNoMore) {
  Bucket bucket;
  EXPECT_EQ(bucket.takeMany(20), 5);
  bucket.now -= seconds(1);
  EXPECT_EQ(bucket.takeMany(20), 0);
}

TEST(RateTable, ForgetsTheBucketThatIsNearestToFull) {
  Bucket bucket;
  bucket.rate = {seconds(1), 100};
  RateTable small(8, kStart);
  RateTable::Taken taken;
  for (std::uint64_t key = 1; key <= 8; ++key) {
    EXPECT_FALSE(
        small.take(key, bucket.rate, static_cast<std::int64_t>(key), kStart, taken).evicted);
  }
  EXPECT_TRUE(small.take(9, bucket.rate, 50, kStart, taken).evicted);
  EXPECT_EQ(small.look(1, bucket.rate, 0, kStart).remaining, 100);
  EXPECT_EQ(small.look(2, bucket.rate, 0, kStart).remaining, 98);
  EXPECT_EQ(small.look(9, bucket.rate, 0, kStart).remaining, 50);
  EXPECT_EQ(small.keys(kStart), 8U);
}

TEST(RateTable, GivesBackExactly) {
  Bucket bucket;
  RateTable::Taken first;
  RateTable::Taken second;
  bucket.table.take(1, bucket.rate, 2, bucket.now, first);
  bucket.table.take(1, bucket.rate, 1, bucket.now, second);
  RateTable::giveBack(first, bucket.now);
  EXPECT_EQ(bucket.table.look(1, bucket.rate, 0, bucket.now).remaining, 4);
  RateTable::giveBack(second, bucket.now);
  EXPECT_EQ(bucket.table.look(1, bucket.rate, 0, bucket.now).until_full, Nanoseconds(0));
}

TEST(RateTable, GivesBackNothingThatTheTimeHasGivenBack) {
  Bucket bucket;
  RateTable::Taken taken;
  bucket.table.take(1, bucket.rate, 2, bucket.now, taken);
  bucket.now += Milliseconds(200);
  EXPECT_EQ(bucket.takeMany(3), 3);
  RateTable::giveBack(taken, bucket.now);
  EXPECT_EQ(bucket.takeMany(20), 2);
}

TEST(RateTable, IsFilledAndSetByOthers) {
  Bucket bucket;
  bucket.takeMany(3);
  EXPECT_EQ(bucket.table.fill(1, bucket.now), 3 * bucket.rate.interval);
  EXPECT_EQ(bucket.table.fill(1, bucket.now), Nanoseconds(0));
  EXPECT_EQ(bucket.table.keys(bucket.now), 0U);
  EXPECT_EQ(bucket.takeMany(20), 5);
  bucket.table.unfill(1, 2 * bucket.rate.interval, bucket.now);
  EXPECT_EQ(bucket.table.fill(1, bucket.now), 7 * bucket.rate.interval);
  bucket.table.put(1, 2 * bucket.rate.interval, bucket.now);
  EXPECT_EQ(bucket.takeMany(20), 3);
  bucket.table.put(2, Nanoseconds(0), bucket.now);
  EXPECT_EQ(bucket.table.keys(bucket.now), 1U);
  bucket.table.put(2, bucket.rate.interval, bucket.now);
  EXPECT_EQ(bucket.table.keys(bucket.now), 2U);
}

// Against a map with the formulas of token buckets.
TEST(RateTable, EqualsAModel) {
  Random random(42);
  RateTable table(4'096, kStart);
  const std::array<UnitRate, 3> rates = {kTenPerSecond, UnitRate{Nanoseconds(333), 1'000},
                                         UnitRate{seconds(60), 1}};
  struct Model {
    Nanoseconds at{0};
    Nanoseconds missing{0};
  };
  std::map<std::uint64_t, Model> models;
  Nanoseconds now = kStart;
  for (int i = 0; i < 200'000; ++i) {
    now += Nanoseconds(random.below(random.below(10) == 0 ? 400'000'000 : 1'000));
    const std::uint64_t number = random.below(300);
    const UnitRate& rate = rates.at(number % 3);
    const auto cost = static_cast<std::int64_t>(random.below(8)) - 2;
    Model& model = models[number];
    model.missing = std::max(Nanoseconds(0), model.missing - (now - model.at));
    model.at = now;
    const Nanoseconds after = std::max(Nanoseconds(0), model.missing + rate.interval * cost);
    const bool allowed = cost <= 0 || after <= rate.window();
    if (allowed) model.missing = after;

    RateTable::Taken taken;
    const std::uint64_t key = (number + 1) * 0x9E3779B97F4A7C15U;
    const Decision decision = table.take(key, rate, cost, now, taken);
    ASSERT_EQ(decision.allowed, allowed) << i;
    ASSERT_EQ(decision.until_full, model.missing) << i;
    ASSERT_EQ(decision.remaining, (rate.window() - model.missing) / rate.interval) << i;
    ASSERT_FALSE(decision.evicted);
    if (!allowed && cost <= rate.burst) {
      ASSERT_EQ(decision.retry_after, after - rate.window()) << i;
    }
  }
}

// A clock that several threads read, and one of them moves.
class SharedClock {
 public:
  Nanoseconds now() const { return Nanoseconds(now_.load()); }
  void set(Nanoseconds now) { now_ = now.count(); }

 private:
  std::atomic<std::int64_t> now_{kStart.count()};
};

class ThreadedRateTable : public testing::TestWithParam<int> {
 protected:
  template <typename Run>
  void inThreads(Run run) {
    std::atomic<int> arrived{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < GetParam(); ++i) {
      threads.emplace_back([&, i] {
        ++arrived;
        while (arrived < GetParam()) std::this_thread::yield();
        run(i);
      });
    }
    for (auto& thread : threads) thread.join();
  }
};

TEST_P(ThreadedRateTable, AdmitsExactlyTheBurst) {
  RateTable table(1'024, kStart);
  const UnitRate rate{Milliseconds(1), 100'000};
  std::atomic<int> allowed{0};
  inThreads([&](int) {
    RateTable::Taken taken;
    for (int i = 0; i < 200'000; ++i) {
      if (table.take(7, rate, 1, kStart, taken).allowed) ++allowed;
    }
  });
  EXPECT_EQ(allowed, 100'000);
}

TEST_P(ThreadedRateTable, AdmitsExactlyBurstAndRateTimesTime) {
  RateTable table(1'024, kStart);
  const UnitRate rate{Nanoseconds(1'000), 100};
  constexpr int kSteps = 400;
  constexpr std::uint64_t kKeys = 5;
  SharedClock clock;
  std::array<std::atomic<int>, kKeys> allowed{};
  std::atomic<bool> ended{false};
  inThreads([&](int thread) {
    RateTable::Taken taken;
    // The first thread moves the time only when each bucket is used up, so that none overflows.
    const auto take_until_refused = [&] {
      for (std::uint64_t key = 0; key < kKeys; ++key) {
        while (table.take(key, rate, 1, clock.now(), taken).allowed) ++allowed.at(key);
      }
    };
    for (int i = 0; thread == 0 && i <= kSteps; ++i) {
      take_until_refused();
      if (i < kSteps) clock.set(clock.now() + Nanoseconds(7'000 + 10 * i));
    }
    if (thread == 0) ended = true;
    while (!ended) take_until_refused();
  });
  const auto units = (clock.now() - kStart) / rate.interval;
  for (const auto& count : allowed) EXPECT_EQ(count, rate.burst + units);
}

TEST_P(ThreadedRateTable, TakesFromAllOrFromNone) {
  RateTable shared(64, kStart);
  RateTable own(64, kStart);
  const UnitRate large{seconds(1), 5'000};
  const UnitRate small{seconds(1), 1'000};
  constexpr std::uint64_t kKeys = 8;
  std::array<std::atomic<int>, kKeys> allowed{};
  inThreads([&](int thread) {
    Random random(static_cast<std::uint64_t>(thread) + 1);
    for (int i = 0; i < 20'000; ++i) {
      const std::uint64_t key = random.below(kKeys);
      std::array<RateClaim, 2> claims = {RateClaim{&shared, 1, large, 1},
                                         RateClaim{&own, key, small, 1}};
      if (takeAll(claims, kStart, [] { return kStart; })) ++allowed.at(key);
    }
  });
  int total = 0;
  for (std::uint64_t key = 0; key < kKeys; ++key) {
    const int count = allowed.at(key);
    total += count;
    EXPECT_LE(count, 1'000);
    // Whatever was not admitted is still there.
    EXPECT_EQ(own.look(key, small, 0, kStart).remaining, 1'000 - count);
  }
  EXPECT_LE(total, 5'000);
  EXPECT_EQ(shared.look(1, large, 0, kStart).remaining, 5'000 - total);
}

INSTANTIATE_TEST_SUITE_P(Threads, ThreadedRateTable, testing::Values(2, 4, 8));

TEST(TakeAll, RefusesIfOneRefuses) {
  RateTable table(64, kStart);
  const UnitRate few{seconds(1), 2};
  const UnitRate many{seconds(1), 10};
  const auto claims = [&] {
    return std::array<RateClaim, 2>{RateClaim{&table, 1, many, 1}, RateClaim{&table, 2, few, 1}};
  };
  for (int i = 0; i < 2; ++i) {
    auto each = claims();
    EXPECT_TRUE(takeAll(each, kStart));
  }
  auto refused = claims();
  EXPECT_FALSE(takeAll(refused, kStart));
  EXPECT_TRUE(refused[0].decision.allowed);
  EXPECT_EQ(refused[0].decision.remaining, 8);
  EXPECT_FALSE(refused[1].decision.allowed);
  EXPECT_EQ(table.look(1, many, 0, kStart).remaining, 8);
}

TEST(TakeAll, GivesBackWhatWasTakenBeforeARefusal) {
  RateTable table(64, kStart);
  const UnitRate rate{seconds(1), 10};
  // Each claim could be satisfied, but not all of them.
  std::array<RateClaim, 4> claims = {RateClaim{&table, 1, rate, -3}, RateClaim{&table, 2, rate, 4},
                                     RateClaim{&table, 3, rate, 6}, RateClaim{&table, 3, rate, 6}};
  RateTable::Taken taken;
  table.take(1, rate, 5, kStart, taken);
  EXPECT_FALSE(takeAll(claims, kStart, [] { return kStart; }));
  EXPECT_EQ(table.look(1, rate, 0, kStart).remaining, 5);
  EXPECT_EQ(table.look(2, rate, 0, kStart).remaining, 10);
  EXPECT_EQ(table.look(3, rate, 0, kStart).remaining, 10);
  EXPECT_EQ(claims[1].decision.remaining, 10);
}

}  // namespace
}  // namespace weir::gateway
