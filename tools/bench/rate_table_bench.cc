// The cost of a decision about a rate limit, and how it grows when two workers share the table.
#include <cstdint>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include "core/base/clock.h"
#include "core/base/keyed_hash.h"
#include "core/base/random.h"
#include "gateway/limit/rate_table.h"

namespace weir::gateway {
namespace {

constexpr UnitRate kNeverReached{Nanoseconds(1), std::int64_t{1} << 50};
constexpr UnitRate kReached{Nanoseconds(1'000'000), 100};

// All threads share one table and take from `keys` buckets in random order.
void take(benchmark::State& state, const UnitRate& rate) {
  static std::unique_ptr<RateTable> table;
  const auto keys = static_cast<std::uint64_t>(state.range(0));
  if (state.thread_index() == 0) table = std::make_unique<RateTable>(2 * keys, Nanoseconds(0));
  Random random(static_cast<std::uint64_t>(state.thread_index()) + 1);
  Nanoseconds now(0);
  RateTable::Taken taken;
  for (auto _ : state) {
    now += Nanoseconds(300);
    const std::uint64_t key = (random.below(keys) + 1) * 0x9E3779B97F4A7C15U;
    benchmark::DoNotOptimize(table->take(key, rate, 1, now, taken).allowed);
  }
}
BENCHMARK_CAPTURE(take, allowed, kNeverReached)
    ->Arg(1)
    ->Arg(32'768)
    ->Arg(1'000'000)
    ->ThreadRange(1, 2);
BENCHMARK_CAPTURE(take, often_refused, kReached)->Arg(1)->Arg(32'768)->ThreadRange(1, 2);

void hash(benchmark::State& state) {
  const KeyedHash keyed;
  const std::string text(static_cast<std::size_t>(state.range(0)), 'a');
  for (auto _ : state) benchmark::DoNotOptimize(keyed(text));
}
BENCHMARK(hash)->Arg(4)->Arg(8)->Arg(16)->Arg(64);

}  // namespace
}  // namespace weir::gateway
