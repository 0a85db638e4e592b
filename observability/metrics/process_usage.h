#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::metrics {

// What the process uses, under the names that every Prometheus client gives it.
struct ProcessUsage {
  double cpu_seconds = 0;
  double start_time_seconds = 0;  // since 1970
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t open_descriptors = 0;
  std::uint64_t max_descriptors = 0;
};

// Reads /proc; what cannot be read stays 0.
ProcessUsage readProcessUsage();

// The fields of /proc/PID/stat that matter here, in the kernel's units.
struct ProcessStat {
  std::uint64_t start_ticks = 0;  // since boot
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
};
std::optional<ProcessStat> parseProcessStat(std::string_view text);

// The time of boot in seconds since 1970, from /proc/stat.
std::optional<std::uint64_t> parseBootTime(std::string_view text);

}  // namespace weir::metrics
