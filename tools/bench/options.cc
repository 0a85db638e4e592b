#include "tools/bench/options.h"

#include <cstdio>
#include <cstdlib>

namespace weir::bench {

Options::Options(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (!argument.starts_with("--")) refuse(argument, "is not an option");
    const bool has_value = i + 1 < argc && !std::string_view(argv[i + 1]).starts_with("--");
    given_[std::string(argument.substr(2))] = has_value ? argv[++i] : "";
  }
}

std::string Options::take(const std::string& name, std::string fallback) {
  const auto found = given_.find(name);
  if (found == given_.end()) return fallback;
  if (found->second.empty()) refuse(name, "needs a value");
  std::string value = std::move(found->second);
  given_.erase(found);
  return value;
}

bool Options::takeSwitch(const std::string& name) {
  const auto found = given_.find(name);
  if (found == given_.end()) return false;
  if (!found->second.empty()) refuse(name, "takes no value");
  given_.erase(found);
  return true;
}

void Options::finish() const {
  if (!given_.empty()) refuse(given_.begin()->first, "is unknown");
}

void Options::refuse(std::string_view name, std::string_view why) {
  std::fprintf(stderr, "option %.*s %.*s\n", static_cast<int>(name.size()), name.data(),
               static_cast<int>(why.size()), why.data());
  std::exit(2);
}

}  // namespace weir::bench
