#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <CLI/CLI.hpp>

#include "core/config/field_reference.h"
#include "core/config/json_schema.h"
#include "core/config/suggestion.h"
#include "tools/weir/authority.h"
#include "tools/weir/configuration.h"
#include "tools/weir/document_pages.h"
#include "tools/weir/explanation.h"
#include "tools/weir/keys.h"
#include "tools/weir/process.h"

namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kBadUsage = 2;
constexpr unsigned kMostDays = 36'500;

using Words = std::vector<std::string>;

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

struct CheckOptions {
  std::string path;
  std::string format = "text";
  bool print = false;
};

// Reads the configuration and reports every mistake.
int check(const CheckOptions& options) {
  weir::server::Registry registry;
  weir::registerAll(registry);
  weir::config::Diagnostics diagnostics;
  auto document = weir::config::Document::load(options.path, diagnostics);
  auto configuration = weir::readConfiguration(document, registry, diagnostics);
  if (configuration) {
    weir::NameTable names;
    weir::server::Counts counts;
    weir::server::PlanBuilder builder(registry, names, counts);
    builder.build(configuration->core, nullptr, diagnostics);
  }
  if (options.format == "json") {
    print(diagnostics.json() + "\n");
    return diagnostics.empty() ? kDone : kBadUsage;
  }
  if (!options.print || !diagnostics.empty()) print(diagnostics.text());
  if (!diagnostics.empty()) return kBadUsage;
  if (options.print) {
    print(weir::config::tomlText(weir::showConfiguration(*configuration, registry)));
  } else {
    print(options.path + ": good\n");
  }
  return kDone;
}

int describe(bool reference) {
  weir::server::Registry registry;
  weir::registerAll(registry);
  const auto type = weir::config::describeSettings<weir::Configuration>(registry.extensions());
  print(reference ? weir::config::fieldReference(type) : weir::config::jsonSchema(type, "weir"));
  return kDone;
}

int document(std::string_view page) {
  print(page == "reasons"       ? weir::reasonsPage()
        : page == "metrics"     ? weir::metricsPage()
        : page == "expressions" ? weir::expressionsPage()
                                : weir::logFieldsPage());
  return kDone;
}

std::vector<CLI::App*> commandsOf(CLI::App& app) {
  return app.get_subcommands([](CLI::App*) { return true; });
}

// The commands on a command line, as far as its words name any.
struct CommandPath {
  CLI::App* last;
  std::string text = "weir";
  std::string unknown = {};  // the first word that names none

  CommandPath(CLI::App& app, const Words& words) : last(&app) {
    for (const std::string& word : words) {
      const auto commands = commandsOf(*last);
      if (word.starts_with('-') || commands.empty()) return;
      const auto next = std::ranges::find(commands, word, &CLI::App::get_name);
      if (next == commands.end()) {
        unknown = word;
        return;
      }
      last = *next;
      text += " " + word;
    }
  }
};

// Suggests a similar command or, for the name of a file, running it.
int refuseUnknown(const CommandPath& path) {
  const auto commands = commandsOf(*path.last);
  Words names;
  for (const CLI::App* command : commands) names.push_back(command->get_name());
  std::string meant(weir::config::closestWord(path.unknown, {names.begin(), names.end()}));
  std::error_code ignored;
  if (meant.empty() && std::filesystem::exists(path.unknown, ignored)) {
    meant = "run " + path.unknown;
  }
  const std::string hint =
      meant.empty() ? "" : "; did you mean \"" + path.text + " " + meant + "\"?";
  std::fprintf(stderr, "unknown command \"%s\"%s\n\"%s --help\" lists the commands.\n",
               path.unknown.c_str(), hint.c_str(), path.text.c_str());
  return kBadUsage;
}

int runProcess(const std::string& path, const std::string& log_level) {
  auto handles = weir::Process::open();
  if (!handles.ok()) {
    const auto text = weir::startTrouble("cannot create the event loop", handles.error());
    std::fprintf(stderr, "weir: %s\n", text.c_str());
    return kFailed;
  }
  return weir::Process(std::move(handles.value()), path, weir::logLevelNamed(log_level)).run();
}

// Prints the output of `weir help ca issue`.
int explain(CLI::App& app, const Words& words) {
  const CommandPath path(app, words);
  if (!path.unknown.empty()) return refuseUnknown(path);
  const std::size_t parent = path.text.rfind(' ');  // the usage line begins with it
  print(path.last->help(parent == std::string::npos ? "" : path.text.substr(0, parent)));
  return kDone;
}

// `weir ca` with its own commands.
class AuthorityCommands {
 public:
  explicit AuthorityCommands(CLI::App& app)
      : ca_(app.add_subcommand("ca", "Create a CA and its certificates")) {
    ca_->require_subcommand(1);
    init_ = add("init", "Create a CA: DIR/root.crt and DIR/root.key");
    init_->add_option("name", options_.name, "Common name of the CA")->default_val("weir root");
    issue_ = add("issue", "Create a certificate and its key");
    issue_
        ->add_option("name", options_.name,
                     "Common name; also a DNS name unless other names are given")
        ->required();
    issue_->add_option("--dns", options_.dns_names, "DNS name; repeatable");
    issue_->add_option("--address", options_.addresses, "IP address; repeatable");
    issue_->add_option("--identity", options_.identity, "spiffe://DOMAIN/ns/NS/sa/NAME");
    issue_->add_option("--out", options_.out, "Path of OUT.crt and OUT.key; default DIR/NAME");
    issue_->add_flag("--rsa", options_.rsa, "2048-bit RSA key instead of ECDSA with P-256");
    renew_ = add("renew", "Replace OUT.crt and OUT.key: same names, new key and validity");
    renew_->add_option("out", options_.out, "Path without .crt")->required();
    show_ = ca_->add_subcommand("show", "Print the contents of a certificate");
    show_->add_option("path", path_, "File in PEM form")->required();
  }
  bool parsed() const { return ca_->parsed(); }
  int run() const {
    if (init_->parsed()) return weir::makeAuthority(options_);
    if (issue_->parsed()) return weir::issueCertificate(options_);
    if (renew_->parsed()) return weir::renewCertificate(options_);
    return weir::showCertificate(path_);
  }

 private:
  CLI::App* add(const char* name, const char* meaning) {
    CLI::App* command = ca_->add_subcommand(name, meaning);
    command->add_option("--dir", options_.directory, "Directory of the CA")->capture_default_str();
    command->add_option("--days", options_.days, "Validity in days")
        ->check(CLI::Range(1U, kMostDays));
    return command;
  }

  weir::AuthorityOptions options_;
  std::string path_;
  CLI::App* ca_;
  CLI::App* init_ = nullptr;
  CLI::App* issue_ = nullptr;
  CLI::App* renew_ = nullptr;
  CLI::App* show_ = nullptr;
};

// `weir key` with its own commands.
class KeyCommands {
 public:
  explicit KeyCommands(CLI::App& app)
      : key_(app.add_subcommand("key", "Create API keys for the filter api_key")) {
    key_->require_subcommand(1);
    new_ = key_->add_subcommand(
        "new", "Print a new key, and the line for the file of keys, which has only its digest");
    new_->add_option("consumer", options_.consumer, "Consumer to whom the key belongs")->required();
    new_->add_option("--id", options_.id, "Id of the key; default: from consumer and digest");
    new_->add_option("--scopes", options_.scopes, "Scopes, separated by commas");
    new_->add_option("--expires", options_.expires, "Time such as 2027-01-31T00:00:00Z");
    new_->add_option("--label", options_.labels, "NAME=VALUE; repeatable");
    new_->add_option("--file", options_.file, "File to which the line is added, not printed");
    hash_ = key_->add_subcommand("hash", "Read a key from standard input and print its digest");
  }
  bool parsed() const { return key_->parsed(); }
  int run() const { return new_->parsed() ? weir::makeKey(options_) : weir::hashKey(); }

 private:
  weir::KeyOptions options_;
  CLI::App* key_;
  CLI::App* new_ = nullptr;
  CLI::App* hash_ = nullptr;
};

// `weir explain`
class ExplainCommand {
 public:
  explicit ExplainCommand(CLI::App& app)
      : explain_(app.add_subcommand(
            "explain",
            "Print how a request is handled: routes, filters, policies, endpoints. Exit "
            "code 1 if it is refused or no route matches.")) {
    weir::admin::ExplainQuery& query = options_.query;
    explain_->add_option("path", options_.path, "File, or directory of *.toml files")->required();
    explain_->add_option("method", query.method, "Method, such as GET")->required();
    explain_->add_option("url", options_.url, "URL, or path that begins with a slash")->required();
    explain_->add_option("--header", options_.headers, "\"Name: value\"; repeatable");
    explain_->add_option("--as", query.caller,
                         "Authenticated caller: identity of a client certificate (spiffe://...), "
                         "else subject and consumer of other credentials");
    explain_->add_option("--group", query.groups, "Group of the caller; repeatable");
    explain_->add_option("--scope", query.scopes, "Scope of the credentials; repeatable");
    explain_->add_option("--from", query.source, "IP address of the client");
    explain_->add_option("--listener", query.listener,
                         "Listener; default: one that fits scheme and port of the URL");
    explain_->add_flag("--json", options_.json, "Print JSON, as /explain does");
  }
  bool parsed() const { return explain_->parsed(); }
  int run() const { return weir::explainRequest(options_); }

 private:
  weir::ExplainOptions options_;
  CLI::App* explain_;
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("weir: an edge gateway and a mesh sidecar in one program", "weir");
  app.set_version_flag("-V,--version", "weir " WEIR_VERSION, "Print the version and exit");
  std::string path;
  CheckOptions options;
  bool reference = false;
  CLI::App* run = app.add_subcommand("run", "Run with a configuration file or directory");
  run->add_option("path", path, "File, or directory of *.toml files")->required();
  std::string log_level;
  run->add_option("--log-level", log_level, "Overrides `log.level`")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  CLI::App* checks = app.add_subcommand("check", "Report every mistake in a configuration");
  checks->add_option("path", options.path, "File, or directory of *.toml files")->required();
  checks->add_flag("--print", options.print, "Print the expanded configuration");
  checks->add_option("--format", options.format, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  CLI::App* schema = app.add_subcommand("schema", "Print the JSON Schema of the configuration");
  schema->add_flag("--reference", reference, "Print the field reference in Markdown instead");
  CLI::App* docs = app.add_subcommand("docs", "Print a page of the documentation in Markdown");
  std::string page;
  docs->add_option("page", page, "reasons, metrics or log-fields")
      ->required()
      ->check(CLI::IsMember({"reasons", "metrics", "log-fields", "expressions"}));
  const AuthorityCommands authority(app);
  const KeyCommands keys(app);
  const ExplainCommand explanation(app);
  CLI::App* version = app.add_subcommand("version", "Print the version");
  app.add_subcommand("help", "Explain a command, such as \"weir help ca issue\"");
  // The words after "help" are names of commands, which the parser would execute.
  const Words words(argv + 1, argv + argc);
  if (!words.empty() && words.front() == "help")
    return explain(app, {words.begin() + 1, words.end()});
  const CommandPath given(app, words);
  if (!given.unknown.empty()) return refuseUnknown(given);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kBadUsage;
  }
  if (run->parsed()) return runProcess(path, log_level);
  if (checks->parsed()) return check(options);
  if (schema->parsed()) return describe(reference);
  if (docs->parsed()) return document(page);
  if (authority.parsed()) return authority.run();
  if (keys.parsed()) return keys.run();
  if (explanation.parsed()) return explanation.run();
  if (version->parsed()) {
    print("weir " WEIR_VERSION "\n");
    return kDone;
  }
  std::fputs(app.help().c_str(), stderr);
  return kBadUsage;
}
