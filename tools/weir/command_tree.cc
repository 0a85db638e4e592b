#include "tools/weir/command_tree.h"

#include <algorithm>
#include <string_view>

#include <CLI/CLI.hpp>

#include "tools/weir/commands/command.h"

namespace weir {
namespace {

// CLI11 describes the choices in the name of the type: "TEXT:{text,json}".
std::vector<std::string> choicesOf(std::string_view type) {
  std::vector<std::string> choices;
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}');
  if (open == std::string_view::npos || close == std::string_view::npos) return choices;
  std::string_view list = type.substr(open + 1, close - open - 1);
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    choices.emplace_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return choices;
}

OptionEntry entryOf(const CLI::Option& option) {
  OptionEntry entry;
  if (option.get_positional()) {
    entry.names.push_back(option.get_name(true));
  } else {
    for (const std::string& name : option.get_snames()) entry.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) entry.names.push_back("--" + name);
  }
  const std::string type = option.get_type_name();
  if (option.get_items_expected_max() > 0) entry.value = type.substr(0, type.find(':'));
  entry.choices = choicesOf(type);
  entry.meaning = option.get_description();
  entry.required = option.get_required();
  entry.repeatable = option.get_items_expected_max() > 1;
  entry.is_path = entry.value == kPath;
  return entry;
}

CommandEntry entryOf(const CLI::App& app, const std::string& parent, bool is_root) {
  CommandEntry entry;
  entry.name = app.get_name();
  if (!is_root) entry.path = parent.empty() ? entry.name : parent + " " + entry.name;
  entry.meaning = app.get_description();
  for (const CLI::Option* option : app.get_options()) {
    auto& list = option->get_positional() ? entry.arguments : entry.options;
    list.push_back(entryOf(*option));
  }
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    entry.commands.push_back(entryOf(*command, entry.path, false));
  }
  return entry;
}

}  // namespace

CommandEntry commandTree(const CLI::App& app) { return entryOf(app, "", true); }

}  // namespace weir
