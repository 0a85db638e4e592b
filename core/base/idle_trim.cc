#include "core/base/idle_trim.h"

#include <sys/resource.h>
#include <utility>

namespace weir {

namespace {

Nanoseconds duration(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

}  // namespace

IdleTrim::Usage IdleTrim::usage(std::uint64_t connections) {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return {.cpu = duration(used.ru_utime) + duration(used.ru_stime),
          .page_faults = static_cast<std::uint64_t>(used.ru_minflt),
          .connections = connections};
}

bool IdleTrim::worthwhile(const Usage& now) const {
  return now.page_faults >= trimmed_at_.page_faults + kMinFaults ||
         now.connections + kMinClosed <= trimmed_at_.connections;
}

bool IdleTrim::due(const Usage& now, Nanoseconds interval) {
  const bool idle = (now.cpu - std::exchange(cpu_, now.cpu)) * 100 <= interval * kCpuShare;
  idle_ = idle ? idle_ + 1 : 0;
  if (idle_ < kIdleIntervals || !worthwhile(now)) return false;
  trimmed_at_ = now;
  return true;
}

}  // namespace weir
