#include "core/event/log_socket.h"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/number.h"

namespace weir::event {
namespace {

constexpr std::string_view kUdp = "udp://";
constexpr std::string_view kTcp = "tcp://";
constexpr std::string_view kUnix = "unix:";

struct LogAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  int type = SOCK_DGRAM;
};

std::optional<LogAddress> unixAddress(std::string_view path) {
  sockaddr_un address{};
  if (path.empty() || path.size() >= sizeof address.sun_path) return std::nullopt;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  LogAddress found;
  std::memcpy(&found.storage, &address, sizeof address);
  found.size = sizeof address;
  return found;
}

std::optional<LogAddress> ipAddress(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parseNumber<std::uint16_t>(text.substr(colon + 1));
  std::string host(text.substr(0, colon));
  if (!port || *port == 0) return std::nullopt;
  LogAddress found;
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(*port);
    if (::inet_pton(AF_INET6, host.c_str(), &address.sin6_addr) != 1) return std::nullopt;
    std::memcpy(&found.storage, &address, sizeof address);
    found.size = sizeof address;
    return found;
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(*port);
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) return std::nullopt;
  std::memcpy(&found.storage, &address, sizeof address);
  found.size = sizeof address;
  return found;
}

std::optional<LogAddress> parseLogAddress(std::string_view text) {
  if (text.starts_with(kUnix)) return unixAddress(text.substr(kUnix.size()));
  const bool tcp = text.starts_with(kTcp);
  if (!tcp && !text.starts_with(kUdp)) return std::nullopt;
  auto found = ipAddress(text.substr(kUdp.size()));
  if (found && tcp) found->type = SOCK_STREAM;
  return found;
}

}  // namespace

bool isLogAddress(std::string_view text) { return parseLogAddress(text).has_value(); }

LogSocket openLogSocket(std::string_view address) {
  const auto parsed = parseLogAddress(address);
  if (!parsed) {
    errno = EINVAL;
    return {};
  }
  const int descriptor =
      ::socket(parsed->storage.ss_family, parsed->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return {};
  const auto* const to = reinterpret_cast<const sockaddr*>(&parsed->storage);
  if (::connect(descriptor, to, parsed->size) != 0 && errno != EINPROGRESS) {
    const int cause = errno;
    ::close(descriptor);
    errno = cause;
    return {};
  }
  return {descriptor, parsed->type == SOCK_DGRAM};
}

}  // namespace weir::event
