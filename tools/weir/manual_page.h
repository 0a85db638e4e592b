#pragma once

#include <string>

#include "tools/weir/command_tree.h"

namespace weir {

// weir(1), for man.
std::string manualPage(const CommandEntry& weir);

}  // namespace weir
