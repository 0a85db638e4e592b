#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>

#include "tools/weir/commands/command.h"
#include "tools/weir/fresh_file.h"
#include "tools/weir/starter_files.h"

namespace weir {
namespace {

constexpr unsigned kReadableByAll = 0644;

class InitCommand final : public Command {
 public:
  explicit InitCommand(CLI::App& app)
      : Command(app.add_subcommand("init", "Write a commented configuration file to begin with")) {
    declaration()
        .add_option("role", role_, "gateway or sidecar")
        ->required()
        ->check(CLI::IsMember({"gateway", "sidecar"}));
    declaration()
        .add_option("path", path_, "File to write, which must not exist")
        ->type_name(kPath)
        ->capture_default_str();
  }

  int run() override {
    FreshFile file(path_);
    const std::string_view text = role_ == "gateway" ? gatewayStarter() : sidecarStarter();
    if (!file.write(std::string(text), kReadableByAll) || !file.create()) return kFailed;
    std::printf("%s\n", path_.c_str());
    return kDone;
  }

 private:
  std::string role_;
  std::string path_ = "weir.toml";
};

}  // namespace

std::unique_ptr<Command> addInit(CLI::App& app) { return std::make_unique<InitCommand>(app); }

}  // namespace weir
