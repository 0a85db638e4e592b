#include "tools/weir/commands/command.h"

#include <cstdio>

#include <CLI/CLI.hpp>

namespace weir {

bool Command::parsed() const { return declaration_->parsed(); }

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

}  // namespace weir
