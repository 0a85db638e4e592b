#pragma once

#include <atomic>
#include <cstdint>

#include "core/event/memory_reserve.h"

namespace weir::event {

// The measures against a lack of memory, the mildest first.
enum class Overload : std::uint8_t {
  kNone,
  kRefuseConnections,
  kResetStreams,  // and reset connections whose peers do not read
};

// Counts the bytes that the loops of a process hold for bodies and heads, against a limit.
//
// Thread: any. Loops report in steps of some KiB. To prevent flapping, a level ends a tenth below
// its threshold.
class MemoryBudget {
 public:
  // In bytes; 0: never.
  void setThresholds(std::uint64_t refuse, std::uint64_t reset) {
    refuse_.store(static_cast<std::int64_t>(refuse), std::memory_order_relaxed);
    reset_.store(static_cast<std::int64_t>(reset), std::memory_order_relaxed);
  }
  void add(std::int64_t bytes) {
    const std::int64_t used = used_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    level_.store(judge(used, level()), std::memory_order_relaxed);
  }
  Overload level() const {
    if (memoryExhausted()) return Overload::kResetStreams;
    return level_.load(std::memory_order_relaxed);
  }
  std::int64_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  Overload judge(std::int64_t used, Overload now) const {
    if (above(used, reset_, now >= Overload::kResetStreams)) return Overload::kResetStreams;
    if (above(used, refuse_, now >= Overload::kRefuseConnections)) {
      return Overload::kRefuseConnections;
    }
    return Overload::kNone;
  }
  static bool above(std::int64_t used, const std::atomic<std::int64_t>& threshold, bool held) {
    const std::int64_t at = threshold.load(std::memory_order_relaxed);
    return at > 0 && used >= (held ? at - at / 10 : at);
  }

  std::atomic<std::int64_t> used_{0};
  std::atomic<std::int64_t> refuse_{0};
  std::atomic<std::int64_t> reset_{0};
  std::atomic<Overload> level_{Overload::kNone};
};

}  // namespace weir::event
