#include <cstdio>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "core/base/clock.h"
#include "core/config/units.h"
#include "core/event/loop.h"
#include "tools/weir/admin_client.h"
#include "tools/weir/commands/command.h"
#include "tools/weir/top_view.h"

// Tested in tests/integration/top_test.py.
namespace weir {
namespace {

// Moves the cursor to the first place and clears what is below it.
constexpr std::string_view kHome = "\x1B[H\x1B[J";

// Lets time pass.
class Pause {
 public:
  void wait(Milliseconds time) {
    over_.arm(time);
    loop_.run();
  }

 private:
  void onOver() { loop_.stop(); }

  event::Loop loop_;
  event::Alarm<Pause, &Pause::onOver> over_{loop_.wheel(), *this};
};

class TopCommand final : public Command {
 public:
  explicit TopCommand(CLI::App& app)
      : Command(app.add_subcommand(
            "top", "Show routes and upstreams of a running weir: rates, success, percentiles")) {
    CLI::App& top = declaration();
    top.add_option("address", target_.address, "Admin address: HOST:PORT or unix:PATH")
        ->capture_default_str();
    top.add_option("--interval", interval_, "Time between two looks, such as 2s")
        ->capture_default_str();
    top.add_flag("--once", once_, "Print one interval and exit");
    top.add_option("--token-file", target_.token_file,
                   "File with a token; default: the variable WEIR_ADMIN_TOKEN");
  }

  int run() override {
    const auto interval = config::parseDuration(interval_);
    if (!interval || *interval < Milliseconds(10) || *interval > Milliseconds(3'600'000)) {
      std::fprintf(stderr, "weir: --interval needs a time from 10ms to 1h\n");
      return kBadUsage;
    }
    return watch(std::chrono::duration_cast<Milliseconds>(*interval));
  }

 private:
  // nullopt, with a message, if the process does not answer.
  static std::optional<TopSample> look(AdminClient& client) {
    const std::string page = client.get("/metrics");
    if (client.error().empty()) return TopSample::read(page);
    std::fprintf(stderr, "weir: %s\n", client.error().c_str());
    return std::nullopt;
  }

  int watch(Milliseconds interval) const {
    AdminClient client(target_);
    auto before = look(client);
    Nanoseconds looked = monotonicNow();
    while (before) {
      Pause().wait(interval);
      auto now = look(client);
      if (!now) return kFailed;
      const Nanoseconds time = monotonicNow();
      const double seconds = std::chrono::duration<double>(time - looked).count();
      if (!once_) print(kHome);
      print("weir top " + target_.address + "\n" + topText(*before, *now, seconds));
      std::fflush(stdout);
      if (once_) return kDone;
      before = std::move(now);
      looked = time;
    }
    return kFailed;
  }

  AdminTarget target_;
  std::string interval_ = "1s";
  bool once_ = false;
};

}  // namespace

std::unique_ptr<Command> addTop(CLI::App& app) { return std::make_unique<TopCommand>(app); }

}  // namespace weir
