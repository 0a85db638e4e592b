#pragma once

#include <array>
#include <cstdint>

#include "core/base/clock.h"

namespace weir::config {
class Table;
}

namespace weir::upstream {

// Limits the retries of a cluster, so that a failing one is not overloaded by them.
struct RetryBudgetOptions {
  std::uint32_t percent = 20;     // of the requests
  std::uint32_t per_second = 10;  // in addition, so that retries are possible with little traffic

  static void read(config::Table& table, RetryBudgetOptions& out);
  friend bool operator==(const RetryBudgetOptions&, const RetryBudgetOptions&) = default;
};

// Tokens for retries: each request adds `percent` hundredths of a token, each retry takes a whole
// one, and both are forgotten after 10 s. `per_second` tokens for each of 10 s are available from
// the start. One per cluster and worker; has no clock.
class RetryBudget {
 public:
  explicit RetryBudget(const RetryBudgetOptions& options = {}) : options_(options) {}

  void configure(const RetryBudgetOptions& options) { options_ = options; }
  void onRequest(Milliseconds now) {  // for a first attempt
    if (now >= slot_end_) forget(now);
    slots_[slot_] += options_.percent;
    sum_ += options_.percent;
  }
  bool tryRetry(Milliseconds now);         // takes a token; false if there is none
  std::uint32_t tokens(Milliseconds now);  // whole tokens, for the metric

 private:
  static constexpr std::int64_t kToken = 100;
  static constexpr std::size_t kSlots = 10;
  static constexpr Milliseconds kSlotTime{1000};

  void forget(Milliseconds now);
  std::int64_t balance() const;

  RetryBudgetOptions options_;
  std::array<std::int64_t, kSlots> slots_{};  // hundredths of a token, by second
  std::int64_t sum_ = 0;                      // of the slots
  std::int64_t second_ = 0;                   // the current one
  std::size_t slot_ = 0;                      // second_ % kSlots
  Milliseconds slot_end_ = kSlotTime;         // of the current second
};

}  // namespace weir::upstream
