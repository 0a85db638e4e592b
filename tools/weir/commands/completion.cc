#include <string>

#include <CLI/CLI.hpp>

#include "tools/weir/command_tree.h"
#include "tools/weir/commands/command.h"
#include "tools/weir/completions.h"

namespace weir {
namespace {

class CompletionCommand final : public Command {
 public:
  explicit CompletionCommand(CLI::App& app)
      : Command(app.add_subcommand("completion", "Print the completion script of a shell")),
        app_(app) {
    declaration()
        .add_option("shell", shell_, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  }

  int run() override {
    const CommandEntry tree = commandTree(app_);
    print(shell_ == "bash"  ? bashCompletion(tree)
          : shell_ == "zsh" ? zshCompletion(tree)
                            : fishCompletion(tree));
    return kDone;
  }

 private:
  const CLI::App& app_;
  std::string shell_;
};

}  // namespace

std::unique_ptr<Command> addCompletion(CLI::App& app) {
  return std::make_unique<CompletionCommand>(app);
}

}  // namespace weir
