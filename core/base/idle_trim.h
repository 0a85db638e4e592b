#pragma once

#include <cstdint>

#include "core/base/clock.h"

namespace weir {

// Decides when the memory of a past peak is returned to the system: while the process is nearly
// idle, because the allocator locks its heaps meanwhile, and if enough memory was used or freed
// since the last time.
class IdleTrim {
 public:
  struct Usage {
    Nanoseconds cpu{};            // of all threads, since the start of the process
    std::uint64_t page_faults{};  // pages that became resident, since the start
    std::uint64_t connections{};  // open ones
  };
  static Usage usage(std::uint64_t connections);  // of this process

  // Call it at regular intervals, with the length of the last one. True if memory is to be
  // returned.
  bool due(const Usage& now, Nanoseconds interval);

 private:
  static constexpr int kIdleIntervals = 4;          // free lists release their memory meanwhile
  static constexpr int kCpuShare = 10;              // percent of one core
  static constexpr std::uint64_t kMinFaults = 256;  // 1 MiB
  static constexpr std::uint64_t kMinClosed = 100;  // connections fewer

  bool worthwhile(const Usage& now) const;

  Nanoseconds cpu_{};
  Usage trimmed_at_;
  int idle_ = 0;
};

}  // namespace weir
