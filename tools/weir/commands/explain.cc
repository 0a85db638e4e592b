#include <CLI/CLI.hpp>

#include "tools/weir/commands/command.h"
#include "tools/weir/explanation.h"

namespace weir {
namespace {

class ExplainCommand final : public Command {
 public:
  explicit ExplainCommand(CLI::App& app)
      : Command(app.add_subcommand(
            "explain",
            "Print how a request is handled: routes, filters, policies, endpoints. Exit "
            "code 1 if it is refused or no route matches.")) {
    CLI::App& explain = declaration();
    admin::ExplainQuery& query = options_.query;
    explain.add_option("path", options_.path, "File, or directory of *.toml files")
        ->type_name(kPath)
        ->required();
    explain.add_option("method", query.method, "Method, such as GET")->required();
    explain.add_option("url", options_.url, "URL, or path that begins with a slash")->required();
    explain.add_option("--header", options_.headers, "\"Name: value\"; repeatable");
    explain.add_option("--as", query.caller,
                       "Authenticated caller: identity of a client certificate (spiffe://...), "
                       "else subject and consumer of other credentials");
    explain.add_option("--group", query.groups, "Group of the caller; repeatable");
    explain.add_option("--scope", query.scopes, "Scope of the credentials; repeatable");
    explain.add_option("--from", query.source, "IP address of the client");
    explain.add_option("--listener", query.listener,
                       "Listener; default: one that fits scheme and port of the URL");
    explain.add_flag("--json", options_.json, "Print JSON, as /explain does");
  }

  int run() override { return explainRequest(options_); }

 private:
  ExplainOptions options_;
};

}  // namespace

std::unique_ptr<Command> addExplain(CLI::App& app) { return std::make_unique<ExplainCommand>(app); }

}  // namespace weir
