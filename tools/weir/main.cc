#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <CLI/CLI.hpp>

#include "core/config/suggestion.h"
#include "tools/weir/commands/command.h"

namespace {

using Words = std::vector<std::string>;

// The commands in the order of `weir --help`.
constexpr auto kAdders = std::to_array<std::unique_ptr<weir::Command> (*)(CLI::App&)>({
    weir::addRun,
    weir::addProxy,
    weir::addInit,
    weir::addCheck,
    weir::addFmt,
    weir::addSchema,
    weir::addDocs,
    weir::addCa,
    weir::addKey,
    weir::addExplain,
    weir::addIntercept,
    weir::addTap,
    weir::addTop,
    weir::addCompletion,
    weir::addMan,
    weir::addVersion,
});

std::vector<CLI::App*> commandsOf(CLI::App& app) {
  return app.get_subcommands([](CLI::App*) { return true; });
}

// The commands on a command line, as far as its words name any.
struct CommandPath {
  CLI::App* last;
  std::string text = "weir";
  std::string unknown = {};  // the first word that names none

  CommandPath(CLI::App& app, const Words& words) : last(&app) {
    for (const std::string& word : words) {
      const auto commands = commandsOf(*last);
      if (word.starts_with('-') || commands.empty()) return;
      const auto next = std::ranges::find(commands, word, &CLI::App::get_name);
      if (next == commands.end()) {
        unknown = word;
        return;
      }
      last = *next;
      text += " " + word;
    }
  }
};

// Suggests a similar command or, for the name of a file, running it.
int refuseUnknown(const CommandPath& path) {
  const auto commands = commandsOf(*path.last);
  Words names;
  for (const CLI::App* command : commands) names.push_back(command->get_name());
  std::string meant(weir::config::closestWord(path.unknown, {names.begin(), names.end()}));
  std::error_code ignored;
  if (meant.empty() && std::filesystem::exists(path.unknown, ignored)) {
    meant = "run " + path.unknown;
  }
  const std::string hint =
      meant.empty() ? "" : "; did you mean \"" + path.text + " " + meant + "\"?";
  std::fprintf(stderr, "unknown command \"%s\"%s\n\"%s --help\" lists the commands.\n",
               path.unknown.c_str(), hint.c_str(), path.text.c_str());
  return weir::kBadUsage;
}

// Prints the output of `weir help ca issue`.
int help(CLI::App& app, const Words& words) {
  const CommandPath path(app, words);
  if (!path.unknown.empty()) return refuseUnknown(path);
  const std::size_t parent = path.text.rfind(' ');  // the usage line begins with it
  weir::print(path.last->help(parent == std::string::npos ? "" : path.text.substr(0, parent)));
  return weir::kDone;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("weir: an edge gateway and a mesh sidecar in one program", "weir");
  app.set_version_flag("-V,--version", "weir " WEIR_VERSION, "Print the version and exit");
  std::vector<std::unique_ptr<weir::Command>> commands;
  commands.reserve(std::size(kAdders));
  for (const auto add : kAdders) commands.push_back(add(app));
  app.add_subcommand("help", "Explain a command, such as \"weir help ca issue\"");
  // The words after "help" are names of commands, which the parser would execute.
  const Words words(argv + 1, argv + argc);
  if (!words.empty() && words.front() == "help") return help(app, {words.begin() + 1, words.end()});
  const CommandPath given(app, words);
  if (!given.unknown.empty()) return refuseUnknown(given);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? weir::kDone : weir::kBadUsage;
  }
  for (const auto& command : commands) {
    if (command->parsed()) return command->run();
  }
  std::fputs(app.help().c_str(), stderr);
  return weir::kBadUsage;
}
