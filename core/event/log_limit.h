#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "core/base/clock.h"

namespace weir::event {

// Admits one message of a kind per interval, and counts the suppressed ones. Any thread.
//
//   if (const auto held_back = limit.admit(loop.eventTime())) {
//     log::warning("..." + LogLimit::text(*held_back));
//   }
class LogLimit {
 public:
  static constexpr Nanoseconds kEvery = std::chrono::seconds(10);

  explicit LogLimit(Nanoseconds every = kEvery) : every_(every.count()) {}

  // `now` is monotonic. Returns the number of messages suppressed since the last admitted one;
  // nullopt if this one is suppressed, too.
  std::optional<std::uint64_t> admit(Nanoseconds now) {
    std::int64_t next = next_.load(std::memory_order_relaxed);
    if (now.count() < next || !next_.compare_exchange_strong(next, now.count() + every_)) {
      held_back_.fetch_add(1, std::memory_order_relaxed);
      return std::nullopt;
    }
    return held_back_.exchange(0, std::memory_order_relaxed);
  }

  // " (and 12 more since the last such message)", or empty.
  static std::string text(std::uint64_t held_back) {
    if (held_back == 0) return {};
    return " (and " + std::to_string(held_back) + " more since the last such message)";
  }

 private:
  const std::int64_t every_;  // ns
  std::atomic<std::int64_t> next_{0};
  std::atomic<std::uint64_t> held_back_{0};
};

}  // namespace weir::event
