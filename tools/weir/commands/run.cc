#include <string>

#include <CLI/CLI.hpp>

#include "tools/weir/commands/command.h"
#include "tools/weir/process.h"

namespace weir {
namespace {

class RunCommand final : public Command {
 public:
  explicit RunCommand(CLI::App& app)
      : Command(app.add_subcommand("run", "Run with a configuration file or directory")) {
    declaration()
        .add_option("path", path_, "File, or directory of *.toml files")
        ->type_name(kPath)
        ->required();
    declaration()
        .add_option("--log-level", log_level_, "Overrides `log.level`")
        ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  }

  int run() override { return runProcess({path_}, logLevelNamed(log_level_)); }

 private:
  std::string path_;
  std::string log_level_;
};

}  // namespace

std::unique_ptr<Command> addRun(CLI::App& app) { return std::make_unique<RunCommand>(app); }

}  // namespace weir
