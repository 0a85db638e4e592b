#include "observability/metrics/process_usage.h"

#include <array>
#include <dirent.h>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/number.h"

namespace weir::metrics {
namespace {

std::string readFile(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

double cpuSeconds() {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::uint64_t openDescriptors() {
  struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir("/proc/self/fd"));
  if (directory == nullptr) return 0;
  std::uint64_t count = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (entry->d_name[0] != '.') ++count;
  }
  return count - 1;  // without the descriptor of the directory itself
}

std::uint64_t maxDescriptors() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

std::string_view takeWord(std::string_view& text) {
  const std::size_t end = text.find(' ');
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return word;
}

}  // namespace

std::optional<ProcessStat> parseProcessStat(std::string_view text) {
  // The second field is the program's name in parentheses and may contain parentheses
  // and spaces.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos || name_end + 2 > text.size()) return std::nullopt;
  text.remove_prefix(name_end + 2);
  std::array<std::string_view, 25> fields;  // by number in proc(5); 3 is the first remaining
  for (std::size_t i = 3; i < fields.size(); ++i) fields[i] = takeWord(text);
  const auto start = parseNumber<std::uint64_t>(fields[22]);
  const auto size = parseNumber<std::uint64_t>(fields[23]);
  const auto resident = parseNumber<std::uint64_t>(fields[24]);
  if (!start || !size || !resident) return std::nullopt;
  return ProcessStat{*start, *size, *resident};
}

std::optional<std::uint64_t> parseBootTime(std::string_view text) {
  constexpr std::string_view kKey = "\nbtime ";
  const std::size_t at = text.find(kKey);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + kKey.size());
  return parseNumber<std::uint64_t>(text.substr(0, text.find('\n')));
}

ProcessUsage readProcessUsage() {
  ProcessUsage usage;
  usage.cpu_seconds = cpuSeconds();
  usage.open_descriptors = openDescriptors();
  usage.max_descriptors = maxDescriptors();
  if (const auto stat = parseProcessStat(readFile("/proc/self/stat"))) {
    usage.virtual_bytes = stat->virtual_bytes;
    usage.resident_bytes =
        stat->resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    const auto boot = parseBootTime(readFile("/proc/stat"));
    usage.start_time_seconds =
        static_cast<double>(boot.value_or(0)) +
        static_cast<double>(stat->start_ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  }
  return usage;
}

}  // namespace weir::metrics
