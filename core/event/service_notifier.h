#pragma once

#include <optional>
#include <string_view>

#include "core/base/clock.h"

namespace weir::event {

// Reports the state of the process by datagrams (sd_notify(3)) to the service manager that has
// started it, such as systemd. Without one, nothing happens.
class ServiceNotifier {
 public:
  // As NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID say. The variables are removed, so that no
  // child process speaks for this one.
  static ServiceNotifier ofProcess();
  ServiceNotifier() = default;
  ~ServiceNotifier();
  ServiceNotifier(ServiceNotifier&& other) noexcept;
  ServiceNotifier& operator=(ServiceNotifier&& other) noexcept;

  // Assignments such as "READY=1", separated by line feeds. A manager that does not read for 1 s
  // misses the message.
  void notify(std::string_view assignments) const;
  // The process is ended unless it sends "WATCHDOG=1" within this time, again and again.
  std::optional<Nanoseconds> watchdog() const { return watchdog_; }

 private:
  int socket_ = -1;  // connected; -1: there is no manager
  std::optional<Nanoseconds> watchdog_;
};

}  // namespace weir::event
