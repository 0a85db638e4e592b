#include "core/upstream/retry_budget.h"

#include <algorithm>

#include "core/config/table.h"

namespace weir::upstream {

void RetryBudgetOptions::read(config::Table& table, RetryBudgetOptions& out) {
  table.read("percent", out.percent, "Maximum number of retries, in percent of the requests.",
             {.min = 0, .max = 1'000});
  table.read("min_per_second", out.per_second,
             "Number of retries per second that are allowed in addition, so that retries are "
             "possible with little traffic.",
             {.min = 0, .max = 100'000});
}

bool RetryBudget::tryRetry(Milliseconds now) {
  forget(now);
  if (balance() < kToken) return false;
  slots_[slot_] -= kToken;
  sum_ -= kToken;
  return true;
}

std::uint32_t RetryBudget::tokens(Milliseconds now) {
  forget(now);
  return static_cast<std::uint32_t>(std::max<std::int64_t>(balance(), 0) / kToken);
}

std::int64_t RetryBudget::balance() const {
  const std::int64_t reserve = std::int64_t{options_.per_second} * std::int64_t{kSlots} * kToken;
  return reserve + sum_;
}

// Clears the slots of the seconds that have begun since; they held values that are now 10 s old.
void RetryBudget::forget(Milliseconds now) {
  const std::int64_t second = now / kSlotTime;
  if (second <= second_) return;
  const std::int64_t gone = std::min<std::int64_t>(second - second_, kSlots);
  for (std::int64_t i = 0; i < gone; ++i) {
    std::int64_t& slot = slots_[static_cast<std::size_t>(second - i) % kSlots];
    sum_ -= slot;
    slot = 0;
  }
  second_ = second;
  slot_ = static_cast<std::size_t>(second) % kSlots;
  slot_end_ = (second + 1) * kSlotTime;
}

}  // namespace weir::upstream
