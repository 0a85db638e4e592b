#pragma once

#include <string>
#include <vector>

namespace weir {

// The folders of the process's control group and its ancestors: limits of each of them apply. Only
// version 2 has a tree; of version 1 there is only the root, which in a container is its own group.
std::vector<std::string> controlGroups(const std::string& root);

}  // namespace weir
