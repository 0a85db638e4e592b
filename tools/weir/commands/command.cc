#include "tools/weir/commands/command.h"

#include <cstdio>

namespace weir {

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

}  // namespace weir
