#include "core/net/passed_sockets.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "core/event/system_error.h"

namespace weir::net {
namespace {

constexpr int kFirst = 3;
constexpr int kMost = 4096;

std::string takeSetting(const char* name) {
  const char* const value = std::getenv(name);
  std::string taken = value == nullptr ? "" : value;
  ::unsetenv(name);
  return taken;
}

int countIn(std::string_view text) {
  int count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  return error == std::errc() && end == text.data() + text.size() ? count : 0;
}

// Whether a stream socket listens there. It is then set up like one that weir has opened.
bool setUp(int descriptor) {
  int accepts = 0;
  int type = 0;
  socklen_t length = sizeof accepts;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &length) != 0) return false;
  length = sizeof type;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &length) != 0) return false;
  if (accepts == 0 || type != SOCK_STREAM) return false;
  const int on = 1;  // fails for a Unix socket
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return ::fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 &&
         ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK) == 0;
}

bool isWildcard(const Address& address) {
  return !address.isUnix() &&
         (!address.ip().known() || address.ip() == IpAddress::v4({0, 0, 0, 0}));
}

// A socket for all IPv6 addresses accepts IPv4 as well, and keeps others from being bound.
bool covers(const Address& passed, const Address& at) {
  if (passed == at) return true;
  return isWildcard(passed) && isWildcard(at) && passed.port() == at.port() && !passed.ip().known();
}

}  // namespace

PassedSockets PassedSockets::ofProcess() {
  const int process = countIn(takeSetting("LISTEN_PID"));
  const int count = std::min(countIn(takeSetting("LISTEN_FDS")), kMost);
  const std::string names = takeSetting("LISTEN_FDNAMES");
  std::vector<int> descriptors;
  for (int i = 0; process == ::getpid() && i < count; ++i) descriptors.push_back(kFirst + i);
  return {descriptors, names};
}

PassedSockets::PassedSockets(const std::vector<int>& descriptors, std::string_view names) {
  for (const int descriptor : descriptors) {
    const std::size_t colon = std::min(names.find(':'), names.size());
    const bool listens = setUp(descriptor);
    if (listens || ::fcntl(descriptor, F_GETFD) >= 0) {
      entries_.push_back({descriptor, std::string(names.substr(0, colon)),
                          listens ? localAddressOf(descriptor) : Address(), listens});
    }
    names.remove_prefix(std::min(colon + 1, names.size()));
  }
}

PassedSockets::PassedSockets(PassedSockets&& other) noexcept
    : entries_(std::exchange(other.entries_, {})) {}

PassedSockets::~PassedSockets() {
  for (const Entry& each : entries_) ::close(each.descriptor);
}

std::vector<PassedSockets::Entry*> PassedSockets::find(std::string_view name, const Address& at) {
  std::vector<Entry*> named;
  std::vector<Entry*> bound;
  for (Entry& each : entries_) {
    if (each.listens && each.name == name) named.push_back(&each);
    if (each.listens && covers(each.address, at)) bound.push_back(&each);
  }
  return named.empty() ? bound : named;
}

Result<std::vector<ListenSocket>> PassedSockets::open(std::string_view name, const Address& at,
                                                      std::size_t workers) {
  std::vector<ListenSocket> sockets;
  const std::vector<Entry*> found = find(name, at);
  if (found.size() > workers) {
    return Error{ErrorCode::kInvalid, Origin::kLocal,
                 "the service manager has passed more sockets for it than there are workers"};
  }
  for (Entry* const each : found) each->used = true;
  for (std::size_t i = 0; !found.empty() && i < workers; ++i) {
    const Entry& entry = *found[i % found.size()];
    const int descriptor = ::fcntl(entry.descriptor, F_DUPFD_CLOEXEC, kFirst);
    if (descriptor < 0) return event::errorOf(-errno);
    sockets.push_back(ListenSocket::adopt(descriptor, entry.address, ListenSocket::Owner::kOther));
  }
  return sockets;
}

std::vector<std::string> PassedSockets::closeUnused() {
  std::vector<std::string> closed;
  std::erase_if(entries_, [&closed](const Entry& each) {
    if (each.used) return false;
    closed.push_back("descriptor " + std::to_string(each.descriptor) + " \"" + each.name + "\"" +
                     (each.listens ? " on " + each.address.text() : ", which does not listen"));
    ::close(each.descriptor);
    return true;
  });
  return closed;
}

}  // namespace weir::net
