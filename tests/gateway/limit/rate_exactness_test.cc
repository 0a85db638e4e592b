#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/clock.h"
#include "core/base/number.h"
#include "core/base/random.h"
#include "gateway/limit/rate_table.h"

namespace weir::gateway {
namespace {

// Short here. By hand for a minute with a million keys:
//   WEIR_EXACT_KEYS=1000000 WEIR_EXACT_MS=60000 build/release/gateway_test
//       --gtest_filter='RateExactness.*'
std::int64_t setting(const char* name, std::int64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : parseNumber<std::int64_t>(text).value_or(otherwise);
}

constexpr int kWorkers = 2;
constexpr UnitRate kRate{Milliseconds(20), 1'000};  // a bucket is full 20 s after it was empty

struct Key {
  std::atomic<std::int64_t> first{std::numeric_limits<std::int64_t>::max()};  // ns, of a take
  std::atomic<std::int64_t> admitted{0};
};

std::uint64_t hashOf(std::size_t key) { return (key + 1) * 0x9E3779B97F4A7C15U; }

// Takes once.
bool take(RateTable& table, std::vector<Key>& keys, std::size_t at, Nanoseconds now) {
  RateTable::Taken taken;
  if (!table.take(hashOf(at), kRate, 1, now, taken).allowed) return false;
  ++keys[at].admitted;
  std::int64_t first = keys[at].first;
  while (now.count() < first && !keys[at].first.compare_exchange_weak(first, now.count())) {
  }
  return true;
}

// Real time and full load: each key is admitted its burst and its rate, to the unit.
TEST(RateExactness, EachKeyIsAdmittedItsBurstAndItsRate) {
  const auto count = static_cast<std::size_t>(setting("WEIR_EXACT_KEYS", 500));
  const Nanoseconds length = Milliseconds(setting("WEIR_EXACT_MS", 200));
  const Nanoseconds begin = monotonicNow();
  RateTable table(2 * count, begin);
  const std::size_t room = table.size();
  std::vector<Key> keys(count);
  // The burst of each key is taken at once, so that no bucket is ever full again and it is known
  // when its time begins.
  for (std::size_t at = 0; at < count; ++at) {
    const Nanoseconds now = monotonicNow();
    while (take(table, keys, at, now)) {
    }
  }
  std::vector<std::thread> threads;
  for (std::uint64_t thread = 1; thread <= kWorkers; ++thread) {
    threads.emplace_back([&, thread] {
      Random random(thread);
      for (Nanoseconds now = monotonicNow(); now < begin + length; now = monotonicNow()) {
        take(table, keys, random.below(count), now);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::int64_t admitted = 0;
  for (std::size_t at = 0; at < count; ++at) {
    const Nanoseconds end = monotonicNow();
    while (take(table, keys, at, end)) {
    }
    const Nanoseconds time = end - Nanoseconds(keys[at].first);
    ASSERT_EQ(keys[at].admitted, kRate.burst + time / kRate.interval) << at;
    admitted += keys[at].admitted;
  }
  EXPECT_EQ(table.size(), room);
  RecordProperty("admitted", std::to_string(admitted));
}

}  // namespace
}  // namespace weir::gateway
