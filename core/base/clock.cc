#include "core/base/clock.h"

namespace weir {

Nanoseconds monotonicNow() {
  return std::chrono::duration_cast<Nanoseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

Nanoseconds wallClockNow() {
  return std::chrono::duration_cast<Nanoseconds>(
      std::chrono::system_clock::now().time_since_epoch());
}

}  // namespace weir
