#include <string>

#include <CLI/CLI.hpp>

#include "tools/weir/authority.h"
#include "tools/weir/commands/command.h"
#include "tools/weir/process.h"

namespace weir {
namespace {

constexpr unsigned kMostDays = 36'500;

// `weir ca` with its own commands.
class CaCommand final : public Command {
 public:
  explicit CaCommand(CLI::App& app)
      : Command(app.add_subcommand("ca", "Create a CA and its certificates")) {
    declaration().require_subcommand(1);
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
    issue_->add_option("--out", options_.out, "Path of OUT.crt and OUT.key; default DIR/NAME")
        ->type_name(kPath);
    issue_->add_flag("--rsa", options_.rsa, "2048-bit RSA key instead of ECDSA with P-256");
    renew_ = add("renew", "Replace OUT.crt and OUT.key: same names, new key and validity");
    renew_->add_option("out", options_.out, "Path without .crt")->type_name(kPath)->required();
    serve_ = declaration().add_subcommand(
        "serve", "Run an authority that renews the certificates of workloads");
    serve_->add_option("--dir", options_.directory, "Directory of the CA")
        ->type_name(kPath)
        ->capture_default_str();
    serve_->add_option("--listen", service_.listen, "Address on which it listens")
        ->capture_default_str();
    serve_->add_option("--lifetime", service_.lifetime, "Validity of the certificates")
        ->capture_default_str();
    serve_->add_option("--dns", options_.dns_names, "DNS name of the authority; repeatable");
    serve_->add_option("--address", options_.addresses, "IP address of the authority; repeatable");
    show_ = declaration().add_subcommand("show", "Print the contents of a certificate");
    show_->add_option("path", path_, "File in PEM form")->type_name(kPath)->required();
  }

  int run() override {
    if (init_->parsed()) return makeAuthority(options_);
    if (issue_->parsed()) return issueCertificate(options_);
    if (renew_->parsed()) return renewCertificate(options_);
    if (serve_->parsed()) {
      const auto path = prepareService(options_, service_);
      return path ? runProcess({*path}) : kFailed;
    }
    return showCertificate(path_);
  }

 private:
  CLI::App* add(const char* name, const char* meaning) {
    CLI::App* command = declaration().add_subcommand(name, meaning);
    command->add_option("--dir", options_.directory, "Directory of the CA")
        ->type_name(kPath)
        ->capture_default_str();
    command->add_option("--days", options_.days, "Validity in days")
        ->check(CLI::Range(1U, kMostDays));
    return command;
  }

  AuthorityOptions options_;
  AuthorityService service_;
  std::string path_;
  CLI::App* init_ = nullptr;
  CLI::App* issue_ = nullptr;
  CLI::App* renew_ = nullptr;
  CLI::App* serve_ = nullptr;
  CLI::App* show_ = nullptr;
};

}  // namespace

std::unique_ptr<Command> addCa(CLI::App& app) { return std::make_unique<CaCommand>(app); }

}  // namespace weir
