#include <string>

#include <CLI/CLI.hpp>

#include "tools/weir/commands/command.h"
#include "tools/weir/document_pages.h"

namespace weir {
namespace {

class DocsCommand final : public Command {
 public:
  explicit DocsCommand(CLI::App& app)
      : Command(app.add_subcommand("docs", "Print a page of the documentation in Markdown")) {
    declaration()
        .add_option("page", page_, "reasons, metrics, log-fields or expressions")
        ->required()
        ->check(CLI::IsMember({"reasons", "metrics", "log-fields", "expressions"}));
  }

  int run() override {
    print(page_ == "reasons"       ? reasonsPage()
          : page_ == "metrics"     ? metricsPage()
          : page_ == "expressions" ? expressionsPage()
                                   : logFieldsPage());
    return kDone;
  }

 private:
  std::string page_;
};

}  // namespace

std::unique_ptr<Command> addDocs(CLI::App& app) { return std::make_unique<DocsCommand>(app); }

}  // namespace weir
