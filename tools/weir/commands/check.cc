#include <string>

#include <CLI/CLI.hpp>

#include "core/base/names.h"
#include "core/config/diagnostics.h"
#include "core/server/counts.h"
#include "core/server/plan_builder.h"
#include "tools/weir/admin_terms.h"
#include "tools/weir/commands/command.h"
#include "tools/weir/configuration.h"

namespace weir {
namespace {

class CheckCommand final : public Command {
 public:
  explicit CheckCommand(CLI::App& app)
      : Command(app.add_subcommand("check", "Report every mistake in a configuration")) {
    declaration()
        .add_option("path", path_, "File, or directory of *.toml files")
        ->type_name(kPath)
        ->required();
    declaration().add_flag("--print", print_, "Print the expanded configuration");
    declaration()
        .add_option("--format", format_, "text or json")
        ->check(CLI::IsMember({"text", "json"}));
  }

  int run() override {
    server::Registry registry;
    registerAll(registry);
    config::Diagnostics diagnostics;
    auto document = config::Document::load(path_, diagnostics);
    auto configuration = readConfiguration(document, registry, diagnostics);
    if (configuration) {
      AdminTerms().load(configuration->admin, diagnostics);
      NameTable names;
      server::Counts counts;
      server::PlanBuilder builder(registry, names, counts);
      builder.build(configuration->core, nullptr, diagnostics);
    }
    if (format_ == "json") {
      print(diagnostics.json() + "\n");
      return diagnostics.empty() ? kDone : kBadUsage;
    }
    if (!print_ || !diagnostics.empty()) print(diagnostics.text());
    if (!diagnostics.empty()) return kBadUsage;
    print(print_ ? config::tomlText(showConfiguration(*configuration, registry))
                 : path_ + ": good\n");
    return kDone;
  }

 private:
  std::string path_;
  std::string format_ = "text";
  bool print_ = false;
};

}  // namespace

std::unique_ptr<Command> addCheck(CLI::App& app) { return std::make_unique<CheckCommand>(app); }

}  // namespace weir
