#include "tests/support/plain_socket.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/check.h"

namespace weir::test {
namespace {

void dontWait(int descriptor) { WEIR_CHECK(::fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0); }

}  // namespace

PlainSocket::PlainSocket(int descriptor) : descriptor_(descriptor) { dontWait(descriptor); }

std::array<int, 2> PlainSocket::tcpPair() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof address;
  const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  WEIR_CHECK(::bind(listening, raw, length) == 0 && ::listen(listening, 1) == 0);
  WEIR_CHECK(::getsockname(listening, raw, &length) == 0);
  const int first = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  WEIR_CHECK(::connect(first, raw, length) == 0);
  const int second = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
  WEIR_CHECK(second >= 0);
  ::close(listening);
  dontWait(first);
  dontWait(second);
  return {first, second};
}

std::size_t PlainSocket::send(std::string_view text) {
  const auto count = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

std::string PlainSocket::take(std::size_t bytes) {
  std::string text(bytes, '\0');
  const auto count = ::recv(descriptor_, text.data(), bytes, 0);
  ended_ = count == 0;
  failed_ = count < 0 && errno != EAGAIN;
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return text;
}

void PlainSocket::end() { ::shutdown(descriptor_, SHUT_WR); }

void PlainSocket::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

void PlainSocket::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

}  // namespace weir::test
