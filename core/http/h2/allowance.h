#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/clock.h"
#include "core/http/h2/options.h"

namespace weir::http::h2 {

// Counts against a Rate: a bucket of tokens that refills with time.
class Allowance {
 public:
  explicit Allowance(const Rate& rate) : rate_(rate), left_(std::int64_t{rate.burst} * kParts) {}

  // One more. False when it is one too many.
  bool take(Milliseconds now) {
    const std::int64_t most = std::int64_t{rate_.burst} * kParts;
    if (last_.count() != 0) left_ += (now - last_).count() * rate_.per_second;
    left_ = std::min(left_, most);
    last_ = now;
    if (left_ < kParts) return false;
    left_ -= kParts;
    return true;
  }

 private:
  static constexpr std::int64_t kParts = 1000;  // of a token: what a rate of 1 gives in 1 ms

  Rate rate_;
  std::int64_t left_;
  Milliseconds last_{0};
};

}  // namespace weir::http::h2
