#include <cstdint>
#include <cstdio>
#include <optional>
#include <pwd.h>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "core/base/number.h"
#include "mesh/intercept/rules.h"
#include "tools/weir/commands/command.h"
#include "tools/weir/program.h"

namespace weir {
namespace {

using mesh::intercept::RuleOptions;

int failWith(const std::string& what, int code) {
  std::fprintf(stderr, "weir: %s\n", what.c_str());
  return code;
}

// The id of a user that is given by name or number; nullopt: there is none.
std::optional<std::uint32_t> userId(const std::string& user) {
  if (const auto number = parseNumber<std::uint32_t>(user)) return number;
  const passwd* const found = ::getpwnam(user.c_str());
  if (found == nullptr) return std::nullopt;
  return found->pw_uid;
}

// `weir intercept` with its own commands.
class InterceptCommand final : public Command {
 public:
  explicit InterceptCommand(CLI::App& app)
      : Command(app.add_subcommand("intercept",
                                   "Redirect the connections of an application to a sidecar")) {
    declaration().require_subcommand(1);
    up_ = add("up", "Put the rules in force, in place of those that are");
    print_ = add("print", "Print the rules for `nft -f -`");
    check_ = add("check", "Check that these rules are in force");
    down_ = declaration().add_subcommand("down", "Remove the rules");
    addTable(*down_);
  }

  int run() override {
    if (down_->parsed()) return apply(mesh::intercept::removalOf(rules_.table));
    if (!resolveUser(weir_user_, rules_.weir_user)) return kBadUsage;
    if (!resolveUser(application_user_, rules_.application_user)) return kBadUsage;
    const auto text = mesh::intercept::rulesFor(rules_);
    if (!text.ok()) return failWith(std::string(text.error().detail), kBadUsage);
    if (up_->parsed()) return apply(text);
    if (check_->parsed()) return check();
    weir::print(text.value());
    return kDone;
  }

 private:
  void addTable(CLI::App& command) {
    command.add_option("--table", rules_.table, "Name of the table")->capture_default_str();
  }

  CLI::App* add(const char* name, const char* meaning) {
    CLI::App* const command = declaration().add_subcommand(name, meaning);
    command
        ->add_option("--inbound", rules_.inbound,
                     "Port of the inbound listener; 0: inbound connections are left alone")
        ->capture_default_str();
    command
        ->add_option("--outbound", rules_.outbound,
                     "Port of the outbound listener; 0: outbound connections are left alone")
        ->capture_default_str();
    command->add_option("--user", weir_user_, "User of weir, whose connections are left alone");
    command->add_option("--application-user", application_user_,
                        "User of the application: only its outbound connections are redirected");
    command->add_option("--cgroup", rules_.cgroup,
                        "Cgroup of the application, such as system.slice/orders.service: only its "
                        "outbound connections are redirected");
    const auto ports = [&](const char* option, std::vector<std::uint16_t>& to, const char* text) {
      command->add_option(option, to, text)->delimiter(',')->check(CLI::Range(1, 65535));
    };
    ports("--ports", rules_.ports, "Inbound ports that are redirected; default: all");
    ports("--skip-inbound", rules_.skip_inbound, "Inbound ports that are left alone, such as 22");
    ports("--skip-outbound", rules_.skip_outbound, "Outbound ports that are left alone");
    addTable(*command);
    return command;
  }

  static bool resolveUser(const std::string& name, std::optional<std::uint32_t>& id) {
    if (name.empty()) return true;
    id = userId(name);
    if (!id) failWith("there is no user \"" + name + "\"", kBadUsage);
    return id.has_value();
  }

  // Runs nft; nullopt if it could not be run, which is reported.
  static std::optional<ProgramResult> runNft(const std::vector<std::string>& arguments,
                                             const std::string& input) {
    const std::string nft = systemProgram("nft");
    if (nft.empty()) {
      failWith("nft is not installed; on Debian: apt install nftables", kFailed);
      return std::nullopt;
    }
    auto result = runProgram(nft, arguments, input);
    if (result.ok()) return std::move(result.value());
    failWith("cannot run " + nft + ": " + std::string(result.error().detail), kFailed);
    return std::nullopt;
  }

  static int apply(const Result<std::string>& text) {
    if (!text.ok()) return failWith(std::string(text.error().detail), kBadUsage);
    const auto result = runNft({"-f", "-"}, text.value());
    if (!result) return kFailed;
    if (result->status == 0) return kDone;
    return failWith("nft refused the rules:\n" + result->output, kFailed);
  }

  int check() const {
    const auto result = runNft({"list", "table", "inet", rules_.table}, {});
    if (!result) return kFailed;
    if (result->status != 0) {
      return failWith("the rules are not in force: nft says\n" + result->output, kFailed);
    }
    if (result->output.find('"' + mesh::intercept::markOf(rules_) + '"') == std::string::npos) {
      return failWith("other rules are in force in the table " + rules_.table +
                          ": `weir intercept up` with the same options replaces them",
                      kFailed);
    }
    weir::print("the rules are in force\n");
    return kDone;
  }

  RuleOptions rules_;
  std::string weir_user_;
  std::string application_user_;
  CLI::App* up_ = nullptr;
  CLI::App* down_ = nullptr;
  CLI::App* print_ = nullptr;
  CLI::App* check_ = nullptr;
};

}  // namespace

std::unique_ptr<Command> addIntercept(CLI::App& app) {
  return std::make_unique<InterceptCommand>(app);
}

}  // namespace weir
