#include "core/event/service_notifier.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace weir::event {
namespace {

std::string takeVariable(const char* name) {
  const char* const value = std::getenv(name);
  std::string taken = value == nullptr ? "" : value;
  ::unsetenv(name);
  return taken;
}

std::optional<std::int64_t> numberIn(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number <= 0) return std::nullopt;
  return number;
}

// A socket that sends to "/path" or, in the abstract name space, to "@name"; -1 on failure.
int connectTo(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return -1;
  if (path.front() != '/' && path.front() != '@') return -1;
  std::memcpy(address.sun_path, path.data(), path.size());
  if (path.front() == '@') address.sun_path[0] = '\0';
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  const timeval patience{.tv_sec = 1, .tv_usec = 0};
  ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), length) == 0) {
    return descriptor;
  }
  ::close(descriptor);
  return -1;
}

}  // namespace

ServiceNotifier ServiceNotifier::ofProcess() {
  ServiceNotifier notifier;
  notifier.socket_ = connectTo(takeVariable("NOTIFY_SOCKET"));
  const auto microseconds = numberIn(takeVariable("WATCHDOG_USEC"));
  const std::string process = takeVariable("WATCHDOG_PID");
  const bool meant = process.empty() || numberIn(process) == ::getpid();
  constexpr std::int64_t kDay = 86'400'000'000;  // more cannot be counted in nanoseconds
  if (microseconds && meant && notifier.socket_ >= 0) {
    notifier.watchdog_ = std::chrono::microseconds(std::min(*microseconds, kDay));
  }
  return notifier;
}

ServiceNotifier::~ServiceNotifier() {
  if (socket_ >= 0) ::close(socket_);
}

ServiceNotifier::ServiceNotifier(ServiceNotifier&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), watchdog_(other.watchdog_) {}

ServiceNotifier& ServiceNotifier::operator=(ServiceNotifier&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(watchdog_, other.watchdog_);
  return *this;
}

void ServiceNotifier::notify(std::string_view assignments) const {
  if (socket_ < 0) return;
  [[maybe_unused]] const auto sent =
      ::send(socket_, assignments.data(), assignments.size(), MSG_NOSIGNAL);
}

}  // namespace weir::event
