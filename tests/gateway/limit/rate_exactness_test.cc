#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
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
constexpr std::int64_t kBurst = 1'000;

// Buckets are not full again during the test, whose length this is.
UnitRate rateFor(Nanoseconds length) {
  return {std::max(Nanoseconds(Milliseconds(20)), 3 * length / kBurst), kBurst};
}

struct Key {
  Nanoseconds begin{0};
  std::atomic<std::int64_t> admitted{0};  // without the burst
};

std::uint64_t hashOf(std::size_t key) { return (key + 1) * 0x9E3779B97F4A7C15U; }

// Real time and full load: each key is admitted its burst and its rate, to the unit.
TEST(RateExactness, EachKeyIsAdmittedItsBurstAndItsRate) {
  const auto count = static_cast<std::size_t>(setting("WEIR_EXACT_KEYS", 500));
  const Nanoseconds length = Milliseconds(setting("WEIR_EXACT_MS", 200));
  const Nanoseconds begin = monotonicNow();
  RateTable table(2 * count, begin);
  const std::size_t room = table.size();
  const UnitRate rate = rateFor(length);
  std::vector<Key> keys(count);
  RateTable::Taken taken;
  // The burst is taken at once, so that it is known when the time of a key begins.
  for (std::size_t at = 0; at < count; ++at) {
    keys[at].begin = monotonicNow();
    ASSERT_TRUE(table.take(hashOf(at), rate, kBurst, keys[at].begin, taken).allowed);
  }
  std::vector<std::thread> threads;
  for (std::uint64_t thread = 1; thread <= kWorkers; ++thread) {
    threads.emplace_back([&, thread] {
      Random random(thread);
      RateTable::Taken mine;
      for (Nanoseconds now = monotonicNow(); now < begin + length; now = monotonicNow()) {
        const std::size_t at = random.below(count);
        if (table.take(hashOf(at), rate, 1, now, mine).allowed) ++keys[at].admitted;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (std::size_t at = 0; at < count; ++at) {
    const Nanoseconds end = monotonicNow();
    const std::int64_t rest = table.look(hashOf(at), rate, 0, end).remaining;
    ASSERT_EQ(keys[at].admitted + rest, (end - keys[at].begin) / rate.interval) << at;
  }
  EXPECT_EQ(table.size(), room);
}

}  // namespace
}  // namespace weir::gateway
