#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::metrics {

// The resource usage of the process, as the standard process_* metrics of Prometheus clients.
struct ProcessUsage {
  double cpu_seconds = 0;
  double start_time_seconds = 0;  // since 1970
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t open_descriptors = 0;
  std::uint64_t max_descriptors = 0;
};

// Reads /proc; values that cannot be read are 0.
ProcessUsage readProcessUsage();

// The required fields of /proc/PID/stat, in the kernel's units.
struct ProcessStat {
  std::uint64_t start_ticks = 0;  // since boot
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
};
std::optional<ProcessStat> parseProcessStat(std::string_view text);

// The time of boot in seconds since 1970, from /proc/stat.
std::optional<std::uint64_t> parseBootTime(std::string_view text);

}  // namespace weir::metrics
