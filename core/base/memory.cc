#include "core/base/memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/control_group.h"

namespace weir {

namespace {

constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

std::uint64_t physicalMemory() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long size = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || size <= 0) return kUnlimited;
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size);
}

std::uint64_t numberIn(const std::string& path) {
  std::ifstream file(path);
  std::uint64_t number = 0;
  return file >> number ? number : kUnlimited;  // "max" is not a number
}

// The lowest limit of this control group (version 2 or 1) and its ancestors.
std::uint64_t groupLimit(const std::string& root) {
  std::uint64_t limit = numberIn(root + "/memory/memory.limit_in_bytes");
  for (const std::string& group : controlGroups(root)) {
    limit = std::min(limit, numberIn(group + "/memory.max"));
  }
  return limit;
}

std::uint64_t addressSpaceLeft() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kUnlimited;
  const long size = ::sysconf(_SC_PAGESIZE);
  const std::uint64_t used =
      numberIn("/proc/self/statm") * static_cast<std::uint64_t>(std::max(size, 1L));
  return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}

}  // namespace

void releasePages(void* memory, std::size_t bytes) {
  const auto page = static_cast<std::uintptr_t>(std::max(::sysconf(_SC_PAGESIZE), 1L));
  const auto start = reinterpret_cast<std::uintptr_t>(memory);
  const std::uintptr_t first = (start + page - 1) / page * page;
  const std::uintptr_t end = (start + bytes) / page * page;
  if (first < end)
    ::madvise(static_cast<char*>(memory) + (first - start), end - first, MADV_DONTNEED);
}

void returnFreeMemory() { ::malloc_trim(0); }

std::uint64_t memoryAvailable(const std::string& root) {
  return std::min({physicalMemory(), groupLimit(root), addressSpaceLeft()});
}

}  // namespace weir
