#include <CLI/CLI.hpp>

#include "tools/weir/commands/command.h"

namespace weir {
namespace {

class VersionCommand final : public Command {
 public:
  explicit VersionCommand(CLI::App& app)
      : Command(app.add_subcommand("version", "Print the version")) {}

  int run() override {
    print("weir " WEIR_VERSION "\n");
    return kDone;
  }
};

}  // namespace

std::unique_ptr<Command> addVersion(CLI::App& app) { return std::make_unique<VersionCommand>(app); }

}  // namespace weir
