#include <CLI/CLI.hpp>

#include "tools/weir/command_tree.h"
#include "tools/weir/commands/command.h"
#include "tools/weir/manual_page.h"

namespace weir {
namespace {

class ManCommand final : public Command {
 public:
  explicit ManCommand(CLI::App& app)
      : Command(app.add_subcommand("man", "Print the manual page, for man")), app_(app) {}

  int run() override {
    print(manualPage(commandTree(app_)));
    return kDone;
  }

 private:
  const CLI::App& app_;
};

}  // namespace

std::unique_ptr<Command> addMan(CLI::App& app) { return std::make_unique<ManCommand>(app); }

}  // namespace weir
