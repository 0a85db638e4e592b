#pragma once

#include <cstdint>

#include "core/base/clock.h"

namespace weir::mesh::health {

// Admits kMost messages in each kPeriod, so that many endpoints that change at once do not fill the
// log.
class LogBudget {
 public:
  static constexpr unsigned kMost = 20;
  static constexpr Milliseconds kPeriod{10'000};

  bool admit(Milliseconds now) {
    if (now >= end_) {
      end_ = now + kPeriod;
      left_ = kMost;
    }
    if (left_ == 0) return false;
    --left_;
    return true;
  }

 private:
  Milliseconds end_{0};
  unsigned left_ = kMost;
};

}  // namespace weir::mesh::health
