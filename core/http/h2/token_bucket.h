#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/clock.h"
#include "core/http/h2/options.h"

namespace weir::http::h2 {

// A token bucket: it refills over time, at its Rate, and with the useful work that the connection
// does, so that a busy, honest peer is not mistaken for an attacker.
class TokenBucket {
 public:
  static constexpr std::int64_t kWhole = 1000;  // parts of a token; a rate of 1 adds one per ms

  explicit TokenBucket(const Rate& rate) : rate_(rate), left_(std::int64_t{rate.burst} * kWhole) {}

  // Takes `parts` of a token. `work` is the total work of the connection: each unit adds a token.
  // False if too few are left.
  bool take(Milliseconds now, std::uint64_t work, std::int64_t parts = kWhole) {
    const std::int64_t most = std::int64_t{rate_.burst} * kWhole;
    const std::uint64_t worked = std::min<std::uint64_t>(work - work_, rate_.burst);
    if (last_.count() != 0) left_ += (now - last_).count() * rate_.per_second;
    left_ = std::min(left_ + static_cast<std::int64_t>(worked) * kWhole, most);
    last_ = now;
    work_ = work;
    if (left_ < parts) return false;
    left_ -= parts;
    return true;
  }

 private:
  Rate rate_;
  std::int64_t left_;
  Milliseconds last_{0};
  std::uint64_t work_ = 0;
};

}  // namespace weir::http::h2
