#include <cstdio>
#include <string>
#include <utility>

#include "tools/weir/commands/command.h"
#include "tools/weir/process.h"

namespace weir {
namespace {

class RunCommand final : public Command {
 public:
  explicit RunCommand(CLI::App& app)
      : Command(app.add_subcommand("run", "Run with a configuration file or directory")) {
    declaration().add_option("path", path_, "File, or directory of *.toml files")->required();
    declaration()
        .add_option("--log-level", log_level_, "Overrides `log.level`")
        ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  }

  int run() override {
    auto handles = Process::open();
    if (!handles.ok()) {
      const auto text = startTrouble("cannot create the event loop", handles.error());
      std::fprintf(stderr, "weir: %s\n", text.c_str());
      return kFailed;
    }
    return Process(std::move(handles.value()), path_, logLevelNamed(log_level_)).run();
  }

 private:
  std::string path_;
  std::string log_level_;
};

}  // namespace

std::unique_ptr<Command> addRun(CLI::App& app) { return std::make_unique<RunCommand>(app); }

}  // namespace weir
