#include "core/upstream/retry_budget.h"

#include <algorithm>

#include "core/config/table.h"

namespace weir::upstream {
namespace {

constexpr Milliseconds kSecond{1000};

}  // namespace

void RetryBudgetOptions::read(config::Table& table, RetryBudgetOptions& out) {
  table.read("percent", out.percent, "Maximum number of retries, in percent of the requests.",
             {.min = 0, .max = 1'000});
  table.read("min_per_second", out.per_second,
             "Number of retries that are allowed in addition in each second, so that retries are "
             "possible with little traffic.",
             {.min = 0, .max = 100'000});
}

bool RetryTokens::tryTake(const RetryBudgetOptions& options, Milliseconds now) {
  changes_.add(-kToken, now);
  if (balance(options, now) >= 0) return true;
  changes_.add(kToken, now);
  return false;
}

std::uint32_t RetryTokens::whole(const RetryBudgetOptions& options, Milliseconds now) const {
  const std::int64_t tokens = std::max<std::int64_t>(balance(options, now), 0) / kToken;
  return static_cast<std::uint32_t>(tokens);
}

// What is left of the requests of the last 10 s, or of this second with its reserve: the retries
// exceed their share of the requests by the reserve of each second, and never by more.
std::int64_t RetryTokens::balance(const RetryBudgetOptions& options, Milliseconds now) const {
  const std::int64_t reserve = std::int64_t{options.per_second} * kToken;
  constexpr Milliseconds kOthers = (event::SharedWindow::kSeconds - 1) * kSecond;
  const std::int64_t this_second = changes_.sum(now + kOthers);
  return std::max(changes_.sum(now), this_second + reserve);
}

// What was collected belongs to the second in which its requests came.
void RetryBudget::handOver(Milliseconds now) {
  if (collected_ > 0) tokens_.add(collected_, second_end_ - Milliseconds(1));
  collected_ = 0;
  second_end_ = (now / kSecond + 1) * kSecond;
}

}  // namespace weir::upstream
