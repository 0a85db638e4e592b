#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>

#include "core/config/field_reference.h"
#include "core/config/json_schema.h"
#include "tools/weir/configuration.h"
#include "tools/weir/process.h"

namespace {

constexpr int kDone = 0;
constexpr int kBadUsage = 2;

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

struct CheckOptions {
  std::string path;
  std::string format = "text";
  bool print = false;
};

// Reads the configuration, and says everything that is wrong with it.
int check(const CheckOptions& options) {
  weir::server::Registry registry;
  weir::registerAll(registry);
  weir::config::Mistakes mistakes;
  std::vector<std::string> files;
  auto configuration = weir::loadConfiguration(options.path, registry, mistakes, files);
  if (configuration) {
    weir::NameTable names;
    weir::server::Counts counts;
    weir::server::PlanBuilder builder(registry, names, counts);
    builder.build(configuration->core, nullptr, mistakes);
  }
  if (options.format == "json") {
    print(mistakes.json() + "\n");
  } else if (!mistakes.empty()) {
    print(mistakes.text());
  } else if (options.print) {
    print(weir::config::tomlText(weir::config::showSettings(*configuration, registry.dialect())));
  } else {
    print(options.path + ": good\n");
  }
  return mistakes.empty() ? kDone : kBadUsage;
}

int describe(bool reference) {
  weir::server::Registry registry;
  weir::registerAll(registry);
  const auto type = weir::config::describeSettings<weir::Configuration>(registry.dialect());
  print(reference ? weir::config::fieldReference(type) : weir::config::jsonSchema(type, "weir"));
  return kDone;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("weir: an edge gateway and a mesh sidecar in one program", "weir");
  app.require_subcommand(1);
  std::string path;
  CheckOptions options;
  bool reference = false;
  CLI::App* run = app.add_subcommand("run", "Run with a configuration file or directory");
  run->add_option("path", path, "File, or directory of *.toml files")->required();
  CLI::App* checks =
      app.add_subcommand("check", "Say everything that is wrong with a configuration");
  checks->add_option("path", options.path, "File, or directory of *.toml files")->required();
  checks->add_flag("--print", options.print, "Print the expanded configuration");
  checks->add_option("--format", options.format, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  CLI::App* schema = app.add_subcommand("schema", "Print the JSON Schema of the configuration");
  schema->add_flag("--reference", reference, "Print the field reference in Markdown instead");
  CLI::App* version = app.add_subcommand("version", "Print the version");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kBadUsage;
  }
  if (run->parsed()) return weir::Process(path).run();
  if (checks->parsed()) return check(options);
  if (schema->parsed()) return describe(reference);
  if (version->parsed()) print("weir " WEIR_VERSION "\n");
  return kDone;
}
