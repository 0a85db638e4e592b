#pragma once

#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): of the library
class App;
}

namespace weir {

// The command line as it was declared, for completions and the manual page.
struct OptionEntry {
  std::vector<std::string> names;    // "-V", "--version"; of an argument its name alone
  std::string value;                 // name of the value, such as "PATH"; empty: a flag
  std::vector<std::string> choices;  // empty: any value
  std::string meaning;
  bool required = false;
  bool repeatable = false;
  bool is_path = false;  // the value is a file or directory
};

struct CommandEntry {
  std::string name;
  std::string path;  // "ca issue"; empty for weir itself
  std::string meaning;
  std::vector<OptionEntry> options;
  std::vector<OptionEntry> arguments;
  std::vector<CommandEntry> commands;
};

CommandEntry commandTree(const CLI::App& app);

}  // namespace weir
