#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <limits>

#include "core/base/clock.h"

namespace weir::event {

// A sum over the last 10 seconds that all workers share. Lock-free; has no clock.
class SharedWindow {
 public:
  static constexpr std::int64_t kSeconds = 10;

  // Adds to the second of `when`.
  void add(std::int64_t amount, Milliseconds when) {
    const std::uint32_t second = secondOf(when);
    std::atomic<Slot>& slot = slots_[second % kSeconds];
    Slot before = slot.load(std::memory_order_relaxed);
    Slot after;
    do {
      const bool stale = before.second < second;  // what it holds is at least 10 s old
      after.second = stale ? second : before.second;
      after.amount = clamped((stale ? 0 : before.amount) + amount);
    } while (!slot.compare_exchange_weak(before, after));
  }
  std::int64_t sum(Milliseconds now) const {
    const std::uint32_t second = secondOf(now);
    std::int64_t sum = 0;
    for (const std::atomic<Slot>& each : slots_) {
      const Slot slot = each.load();
      if (slot.second + kSeconds > second) sum += slot.amount;
    }
    return sum;
  }

 private:
  struct Slot {
    std::uint32_t second = 0;
    std::int32_t amount = 0;
  };
  static_assert(std::atomic<Slot>::is_always_lock_free);

  static std::uint32_t secondOf(Milliseconds time) {
    return static_cast<std::uint32_t>(time / Milliseconds(1000));
  }
  static std::int32_t clamped(std::int64_t amount) {
    using Limits = std::numeric_limits<std::int32_t>;
    return static_cast<std::int32_t>(
        std::clamp<std::int64_t>(amount, Limits::min(), Limits::max()));
  }

  std::array<std::atomic<Slot>, kSeconds> slots_{};  // by second
};

}  // namespace weir::event
