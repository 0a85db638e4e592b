#include <CLI/CLI.hpp>

#include "tools/weir/commands/command.h"
#include "tools/weir/keys.h"

namespace weir {
namespace {

// `weir key` with its own commands.
class KeyCommand final : public Command {
 public:
  explicit KeyCommand(CLI::App& app)
      : Command(app.add_subcommand("key", "Create API keys for the filter api_key")) {
    declaration().require_subcommand(1);
    new_ = declaration().add_subcommand(
        "new", "Print a new key, and the line for the file of keys, which has only its digest");
    new_->add_option("consumer", options_.consumer, "Consumer to whom the key belongs")->required();
    new_->add_option("--id", options_.id, "Id of the key; default: from consumer and digest");
    new_->add_option("--scopes", options_.scopes, "Scopes, separated by commas");
    new_->add_option("--expires", options_.expires, "Time such as 2027-01-31T00:00:00Z");
    new_->add_option("--label", options_.labels, "NAME=VALUE; repeatable");
    new_->add_option("--file", options_.file, "File to which the line is added, not printed")
        ->type_name(kPath);
    declaration().add_subcommand("hash", "Read a key from standard input and print its digest");
  }

  int run() override { return new_->parsed() ? makeKey(options_) : hashKey(); }

 private:
  KeyOptions options_;
  CLI::App* new_ = nullptr;
};

}  // namespace

std::unique_ptr<Command> addKey(CLI::App& app) { return std::make_unique<KeyCommand>(app); }

}  // namespace weir
