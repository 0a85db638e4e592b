#pragma once

#include <array>
#include <cstdint>

#include "core/base/clock.h"

namespace weir::upstream {

// How many retries a cluster may see, so that a failing one is not buried under them.
struct RetryBudgetOptions {
  std::uint32_t percent = 20;     // of the requests
  std::uint32_t per_second = 10;  // on top, so that little traffic may retry at all

  friend bool operator==(const RetryBudgetOptions&, const RetryBudgetOptions&) = default;
};

// Tokens for retries: each request brings `percent` hundredths of one, each retry takes a whole
// one, and what was brought or taken is forgotten after 10 s. `per_second` for 10 s are there from
// the start. One per cluster and worker; knows no clock.
class RetryBudget {
 public:
  explicit RetryBudget(const RetryBudgetOptions& options = {}) : options_(options) {}

  void configure(const RetryBudgetOptions& options) { options_ = options; }
  void onRequest(Milliseconds now);        // a first attempt is made
  bool tryRetry(Milliseconds now);         // takes a token, unless there is none
  std::uint32_t tokens(Milliseconds now);  // whole ones, for the metric

 private:
  static constexpr std::int64_t kToken = 100;
  static constexpr std::size_t kSlots = 10;
  static constexpr Milliseconds kSlotTime{1000};

  void forget(Milliseconds now);
  std::int64_t balance() const;

  RetryBudgetOptions options_;
  std::array<std::int64_t, kSlots> slots_{};  // hundredths of a token, by second
  std::int64_t sum_ = 0;                      // of the slots
  std::int64_t second_ = 0;                   // that slots_[second_ % kSlots] stands for
};

}  // namespace weir::upstream
