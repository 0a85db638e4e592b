#include <CLI/CLI.hpp>

#include "core/config/field_reference.h"
#include "core/config/json_schema.h"
#include "tools/weir/commands/command.h"
#include "tools/weir/configuration.h"

namespace weir {
namespace {

class SchemaCommand final : public Command {
 public:
  explicit SchemaCommand(CLI::App& app)
      : Command(app.add_subcommand("schema", "Print the JSON Schema of the configuration")) {
    declaration().add_flag("--reference", reference_,
                           "Print the field reference in Markdown instead");
  }

  int run() override {
    server::Registry registry;
    registerAll(registry);
    const auto type = config::describeSettings<Configuration>(registry.extensions());
    print(reference_ ? config::fieldReference(type) : config::jsonSchema(type, "weir"));
    return kDone;
  }

 private:
  bool reference_ = false;
};

}  // namespace

std::unique_ptr<Command> addSchema(CLI::App& app) { return std::make_unique<SchemaCommand>(app); }

}  // namespace weir
