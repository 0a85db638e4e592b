#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/clock.h"

namespace weir::mesh {

// Counts of good and bad outcomes over the last `length`, in ten buckets, so that up to a tenth of
// it is forgotten at once. Has no clock.
class RateWindow {
 public:
  static constexpr std::size_t kBuckets = 10;

  struct Sum {
    std::uint32_t all = 0;
    std::uint32_t good = 0;
  };

  void add(bool good, Milliseconds now, Milliseconds length) {
    const std::int64_t tick = tickOf(now, length);
    Bucket& bucket = buckets_[static_cast<std::size_t>(tick) % kBuckets];
    if (bucket.tick != tick) bucket = {.tick = tick};
    ++bucket.all;
    if (good) ++bucket.good;
  }
  Sum sum(Milliseconds now, Milliseconds length) const {
    const std::int64_t tick = tickOf(now, length);
    Sum sum;
    for (const Bucket& bucket : buckets_) {
      if (bucket.tick + static_cast<std::int64_t>(kBuckets) <= tick) continue;
      sum.all += bucket.all;
      sum.good += bucket.good;
    }
    return sum;
  }
  void clear() { buckets_ = {}; }

 private:
  struct Bucket {
    std::int64_t tick = 0;  // of the time that it counts
    std::uint32_t all = 0;
    std::uint32_t good = 0;
  };

  static std::int64_t tickOf(Milliseconds now, Milliseconds length) {
    const std::int64_t bucket = length.count() / static_cast<std::int64_t>(kBuckets);
    return now.count() / std::max<std::int64_t>(bucket, 1);
  }

  std::array<Bucket, kBuckets> buckets_{};
};

}  // namespace weir::mesh
