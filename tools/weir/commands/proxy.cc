#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>

#include "tools/weir/commands/command.h"
#include "tools/weir/process.h"
#include "tools/weir/quick_proxy.h"

namespace weir {
namespace {

class ProxyCommand final : public Command {
 public:
  explicit ProxyCommand(CLI::App& app)
      : Command(app.add_subcommand(
            "proxy", "Run a reverse proxy without a file, and print its configuration")) {
    CLI::App& proxy = declaration();
    proxy
        .add_option("--from", options_.from,
                    "Address of the listener: [http://|https://|h2c://][HOST]:PORT or unix:PATH")
        ->required();
    proxy
        .add_option("--to", options_.to,
                    "Endpoint: [http://|https://|h2c://]HOST:PORT or unix:PATH; repeatable")
        ->required();
    proxy.add_option("--cert", options_.certificate, "Certificate for --from https://")
        ->type_name(kPath);
    proxy.add_option("--key", options_.key, "Its key")->type_name(kPath);
    proxy
        .add_option("--ca", options_.ca,
                    "Trusted CA certificates for --to https://; default: those of the system")
        ->type_name(kPath);
    proxy.add_option("--host", options_.host,
                     "Host in the requests to the endpoint; default: the client's");
    proxy.add_flag("--access-log", options_.access_log, "Write a line per request to stdout");
    proxy.add_flag("--print", print_, "Print the configuration and exit");
  }

  int run() override {
    const auto [toml, mistake] = proxyConfiguration(options_);
    if (!mistake.empty()) {
      std::fprintf(stderr, "weir proxy: %s\n", mistake.c_str());
      return kBadUsage;
    }
    print(toml);
    std::fflush(stdout);
    return print_ ? kDone : runProcess({"weir proxy", toml});
  }

 private:
  ProxyOptions options_;
  bool print_ = false;
};

}  // namespace

std::unique_ptr<Command> addProxy(CLI::App& app) { return std::make_unique<ProxyCommand>(app); }

}  // namespace weir
