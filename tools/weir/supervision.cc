#include "tools/weir/supervision.h"

#include <algorithm>
#include <vector>

#include "core/base/clock.h"
#include "core/server/server.h"

// Tested in tests/integration/service_notifier_test.py.
namespace weir {

Supervision::Supervision(event::Loop& loop)
    : notifier_(event::ServiceNotifier::ofProcess()), feeding_(loop.wheel(), *this) {}

void Supervision::onReady(std::string_view status) {
  notifier_.notify("READY=1\nSTATUS=" + std::string(status));
}

void Supervision::onReloading() {
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(monotonicNow());
  notifier_.notify("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.count()) +
                   "\nSTATUS=Reloading the configuration");
}

void Supervision::onStopping() { notifier_.notify("STOPPING=1\nSTATUS=Draining"); }

void Supervision::watch(server::Server& server) {
  if (!notifier_.watchdog()) return;
  server_ = &server;
  feed();
}

void Supervision::feed() {
  constexpr Milliseconds kShortest{1};
  const auto half = std::chrono::duration_cast<Milliseconds>(*notifier_.watchdog() / 2);
  feeding_.arm(std::max(half, kShortest));
  server_->askWorkers<bool>([](server::Worker&) { return true; },
                            [this](const std::vector<bool>&, std::size_t silent) {
                              if (silent == 0) notifier_.notify("WATCHDOG=1");
                            });
}

}  // namespace weir
