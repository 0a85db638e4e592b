#include "core/base/control_group.h"

#include <fstream>

namespace weir {

std::vector<std::string> controlGroups(const std::string& root) {
  std::vector<std::string> folders{root};
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (!line.starts_with("0::/")) continue;
    for (std::string path = line.substr(3); path.size() > 1; path.resize(path.rfind('/'))) {
      folders.push_back(root + path);
    }
  }
  return folders;
}

}  // namespace weir
