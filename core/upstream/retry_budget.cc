#include "core/upstream/retry_budget.h"

#include <algorithm>
#include <limits>

#include "core/config/table.h"

namespace weir::upstream {
namespace {

constexpr Milliseconds kSecond{1000};

std::uint32_t secondOf(Milliseconds time) { return static_cast<std::uint32_t>(time / kSecond); }

std::int32_t clamped(std::int64_t hundredths) {
  using Limits = std::numeric_limits<std::int32_t>;
  return static_cast<std::int32_t>(
      std::clamp<std::int64_t>(hundredths, Limits::min(), Limits::max()));
}

}  // namespace

void RetryBudgetOptions::read(config::Table& table, RetryBudgetOptions& out) {
  table.read("percent", out.percent, "Maximum number of retries, in percent of the requests.",
             {.min = 0, .max = 1'000});
  table.read("min_per_second", out.per_second,
             "Number of retries per second that are allowed in addition, so that retries are "
             "possible with little traffic.",
             {.min = 0, .max = 100'000});
}

// A slot of an earlier second holds what is now at least 10 s old, and is replaced.
void RetryTokens::add(std::int64_t hundredths, Milliseconds when) {
  const std::uint32_t second = secondOf(when);
  std::atomic<Slot>& slot = slots_[second % kSlots];
  Slot before = slot.load(std::memory_order_relaxed);
  Slot after;
  do {
    const bool stale = before.second < second;
    after.second = stale ? second : before.second;
    after.hundredths = clamped((stale ? 0 : before.hundredths) + hundredths);
  } while (!slot.compare_exchange_weak(before, after));
}

bool RetryTokens::tryTake(const RetryBudgetOptions& options, Milliseconds now) {
  add(-kToken, now);
  if (balance(options, now) >= 0) return true;
  add(kToken, now);
  return false;
}

std::uint32_t RetryTokens::whole(const RetryBudgetOptions& options, Milliseconds now) const {
  const std::int64_t tokens = std::max<std::int64_t>(balance(options, now), 0) / kToken;
  return static_cast<std::uint32_t>(tokens);
}

std::int64_t RetryTokens::balance(const RetryBudgetOptions& options, Milliseconds now) const {
  std::int64_t sum = std::int64_t{options.per_second} * std::int64_t{kSlots} * kToken;
  const std::uint32_t second = secondOf(now);
  for (const std::atomic<Slot>& each : slots_) {
    const Slot slot = each.load();
    if (slot.second + kSlots > second) sum += slot.hundredths;
  }
  return sum;
}

// What was collected belongs to the second in which its requests came.
void RetryBudget::handOver(Milliseconds now) {
  if (collected_ > 0) tokens_.add(collected_, second_end_ - Milliseconds(1));
  collected_ = 0;
  second_end_ = (now / kSecond + 1) * kSecond;
}

}  // namespace weir::upstream
