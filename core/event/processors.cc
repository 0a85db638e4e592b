#include "core/event/processors.h"

#include <algorithm>
#include <fstream>
#include <thread>

#include "core/base/control_group.h"

namespace weir::event {
namespace {

// CPUs for a quota of time per period; 0: no limit ("max", or -1 in version 1).
unsigned wholeCpus(std::istream& quota_file, std::istream& period_file) {
  long long quota = 0;
  long long period = 0;
  if (!(quota_file >> quota) || !(period_file >> period) || quota <= 0 || period <= 0) return 0;
  constexpr long long kMost = 1'000'000;
  return static_cast<unsigned>(std::min((quota - 1) / period + 1, kMost));
}

unsigned limitOf(const std::string& group) {
  if (std::ifstream file(group + "/cpu.max"); file) return wholeCpus(file, file);  // version 2
  std::ifstream quota(group + "/cpu/cpu.cfs_quota_us");
  std::ifstream period(group + "/cpu/cpu.cfs_period_us");
  return wholeCpus(quota, period);
}

}  // namespace

unsigned processorsOf(const std::string& root, unsigned available) {
  unsigned number = available;
  for (const std::string& group : controlGroups(root)) {
    if (const unsigned limit = limitOf(group); limit > 0) number = std::min(number, limit);
  }
  return std::max(1U, number);
}

unsigned processors() {
  static const unsigned number =
      processorsOf("/sys/fs/cgroup", std::thread::hardware_concurrency());
  return number;
}

}  // namespace weir::event
