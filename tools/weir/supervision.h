#pragma once

#include <string>
#include <string_view>

#include "core/event/loop.h"
#include "core/event/service_notifier.h"

namespace weir::server {
class Server;
}

namespace weir {

// Tells the service manager, such as systemd, how the process is doing. Its watchdog is fed only
// while every worker answers, so that one that hangs brings a restart.
//
// Thread: the control thread.
class Supervision {
 public:
  explicit Supervision(event::Loop& loop);

  // The first configuration, or one after a reload, is in force; or a reload has failed.
  void onReady(std::string_view status);
  void onReloading();
  void onStopping();
  // Begins to feed the watchdog, if there is one. `server` outlives this.
  void watch(server::Server& server);

 private:
  void feed();

  event::ServiceNotifier notifier_;
  server::Server* server_ = nullptr;
  event::Alarm<Supervision, &Supervision::feed> feeding_;
};

}  // namespace weir
