#pragma once

#include <cstdint>

#include "core/base/clock.h"
#include "core/event/shared_window.h"

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

// Tokens for the retries of a cluster, shared by all workers: each request adds `percent`
// hundredths of a token, each retry takes a whole one, and both are forgotten after 10 s. In each
// second, `per_second` retries are allowed beyond that.
class RetryTokens {
 public:
  // For requests in the second of `when`.
  void add(std::int64_t hundredths, Milliseconds when) { changes_.add(hundredths, when); }
  // Takes a token; false if there is none. Threads at the same moment never take more than there
  // are.
  bool tryTake(const RetryBudgetOptions& options, Milliseconds now);
  std::uint32_t whole(const RetryBudgetOptions& options, Milliseconds now) const;  // remaining

 private:
  static constexpr std::int64_t kToken = 100;

  std::int64_t balance(const RetryBudgetOptions& options, Milliseconds now) const;

  event::SharedWindow changes_;  // hundredths of a token
};

// The part of a worker: it collects what requests add, so that workers seldom write to memory that
// they share. The other workers see up to four tokens later than they were added.
class RetryBudget {
 public:
  explicit RetryBudget(RetryTokens& tokens, const RetryBudgetOptions& options = {})
      : tokens_(tokens), options_(options) {}

  void configure(const RetryBudgetOptions& options) { options_ = options; }
  void onRequest(Milliseconds now) {  // for a first attempt
    if (now >= second_end_ || collected_ >= kMostCollected) handOver(now);
    collected_ += options_.percent;
  }
  bool tryRetry(Milliseconds now) {  // takes a token; false if there is none
    handOver(now);
    return tokens_.tryTake(options_, now);
  }
  std::uint32_t tokens(Milliseconds now) {  // remaining
    handOver(now);
    return tokens_.whole(options_, now);
  }

 private:
  static constexpr std::int64_t kMostCollected = 400;  // hundredths of a token

  void handOver(Milliseconds now);

  RetryTokens& tokens_;
  RetryBudgetOptions options_;
  std::int64_t collected_ = 0;                      // hundredths of a token
  Milliseconds second_end_ = Milliseconds::zero();  // of the second in which they were
};

}  // namespace weir::upstream
