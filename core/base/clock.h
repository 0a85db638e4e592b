#pragma once

#include <chrono>
#include <cstdint>

namespace weir {

using Milliseconds = std::chrono::milliseconds;
using Nanoseconds = std::chrono::nanoseconds;

// Monotonic time since an arbitrary start. Only these two functions read the machine's clock.
Nanoseconds monotonicNow();

// Wall-clock time since 1970-01-01 UTC, for logs and certificates only.
Nanoseconds wallClockNow();

}  // namespace weir
