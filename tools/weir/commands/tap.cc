#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>

#include "observability/tap/tap_text.h"
#include "tools/weir/admin_client.h"
#include "tools/weir/commands/command.h"

// Tested in tests/integration/tap_test.py.
namespace weir {
namespace {

class TapCommand final : public Command {
 public:
  explicit TapCommand(CLI::App& app)
      : Command(app.add_subcommand(
            "tap",
            "Show requests of a running weir with every step: filters, endpoints, tries, "
            "times")) {
    CLI::App& tap = declaration();
    tap.add_option("address", target_.address, "Admin address: HOST:PORT or unix:PATH")
        ->capture_default_str();
    tap.add_option("--when", when_,
                   "Expression that selects requests, such as 'response.status >= 500'");
    tap.add_option("--rate", rate_, "Most requests per second that are shown; default 100");
    tap.add_option("--sample", sample_, "Share of the requests that is watched, such as 1%");
    tap.add_option("--duration", duration_, "Time after which it ends, at most 10m; default 1m");
    tap.add_flag("--headers", headers_, "Show the headers as well");
    tap.add_flag("--json", json_, "Print lines of JSON, as /tap sends them");
    tap.add_option("--token-file", target_.token_file,
                   "File with a token of the role operate; default: WEIR_ADMIN_TOKEN");
  }

  int run() override {
    AdminClient client(target_);
    const bool good = client.follow("POST", path(), [this](std::string_view line) {
      if (line.empty()) return true;  // the server is alive
      print(json_ ? std::string(line) + "\n" : tap::tapText(line, headers_));
      std::fflush(stdout);
      return true;
    });
    if (good) return kDone;
    std::fprintf(stderr, "weir: %s\n", client.error().c_str());
    return kFailed;
  }

 private:
  std::string path() const {
    std::string path = std::string("/tap?headers=") + (headers_ || json_ ? "true" : "false");
    const std::pair<const char*, const std::string&> parameters[] = {
        {"when", when_}, {"rate", rate_}, {"sample", sample_}, {"duration", duration_}};
    for (const auto& [name, value] : parameters) {
      if (!value.empty()) path.append("&").append(name).append("=").append(queryValue(value));
    }
    return path;
  }

  AdminTarget target_;
  std::string when_;
  std::string rate_;
  std::string sample_;
  std::string duration_;
  bool headers_ = false;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> addTap(CLI::App& app) { return std::make_unique<TapCommand>(app); }

}  // namespace weir
