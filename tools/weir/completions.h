#pragma once

#include <string>

#include "tools/weir/command_tree.h"

namespace weir {

// Scripts that complete commands, options, choices and paths.
std::string bashCompletion(const CommandEntry& weir);
std::string zshCompletion(const CommandEntry& weir);
std::string fishCompletion(const CommandEntry& weir);

}  // namespace weir
