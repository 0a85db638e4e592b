#include "core/net/peer_owner.h"

#include <array>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "core/net/acceptor.h"
#include "tests/support/plain_socket.h"

namespace weir::net {
namespace {

Address peerOf(int descriptor) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  EXPECT_EQ(::getpeername(descriptor, reinterpret_cast<sockaddr*>(&storage), &size), 0);
  return Address::fromSocket(storage);
}

// A child process that connects, says so, and waits until its pipe is closed.
class Dialer {
 public:
  enum class Keeps { kSocket, kNothing };

  Dialer(const Address& to, Keeps keeps) {
    std::array<int, 2> ready{};
    std::array<int, 2> end{};
    EXPECT_EQ(::pipe(ready.data()), 0);
    EXPECT_EQ(::pipe(end.data()), 0);
    child_ = ::fork();
    if (child_ == 0) {
      ::close(end[1]);
      dial(to, keeps, ready[1], end[0]);
    }
    ::close(ready[1]);
    ::close(end[0]);
    end_ = end[1];
    char byte = 0;
    EXPECT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
  }
  ~Dialer() {
    ::close(end_);
    ::waitpid(child_, nullptr, 0);
  }
  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;

 private:
  [[noreturn]] static void dial(const Address& to, Keeps keeps, int ready, int end) {
    sockaddr_storage storage{};
    const socklen_t size = to.toSocket(storage);
    const int socket = ::socket(storage.ss_family, SOCK_STREAM, 0);
    const bool connected =
        ::connect(socket, reinterpret_cast<const sockaddr*>(&storage), size) == 0;
    if (keeps == Keeps::kNothing) ::close(socket);
    char byte = 0;
    if (connected && ::write(ready, &byte, 1) == 1) {
      [[maybe_unused]] const auto ended = ::read(end, &byte, 1);
    }
    ::_exit(0);
  }

  pid_t child_ = -1;
  int end_ = -1;
};

ListenSocket listenOn(const Address& at) {
  return std::move(ListenSocket::open(at, 16, ListenSocket::Sharing::kNone).value());
}

// The ends of the first connection, which stays open.
struct Accepted {
  explicit Accepted(const ListenSocket& listener) {
    int accepted = -1;
    while (accepted < 0) accepted = ::accept(listener.descriptor(), nullptr, nullptr);
    descriptor = accepted;
    ends = {localAddressOf(descriptor), peerOf(descriptor)};
  }
  ~Accepted() { ::close(descriptor); }
  Accepted(const Accepted&) = delete;
  Accepted& operator=(const Accepted&) = delete;

  int descriptor = -1;
  TcpEnds ends;
};

class TcpPeerUser : public ::testing::TestWithParam<IpAddress> {};

TEST_P(TcpPeerUser, IsThatOfTheProcessThatHoldsTheSocket) {
  const ListenSocket listener = listenOn(Address(GetParam(), 0));
  const Dialer dialer(listener.address(), Dialer::Keeps::kSocket);
  const Accepted accepted(listener);
  EXPECT_EQ(tcpPeerUser(accepted.ends), ::geteuid());
  EXPECT_EQ(unixPeerUser(accepted.descriptor), std::nullopt);
}

// The kernel reports such a socket as one of root.
TEST_P(TcpPeerUser, IsUnknownOnceTheSocketIsClosed) {
  const ListenSocket listener = listenOn(Address(GetParam(), 0));
  const Dialer dialer(listener.address(), Dialer::Keeps::kNothing);
  const Accepted accepted(listener);
  EXPECT_EQ(tcpPeerUser(accepted.ends), std::nullopt);
}

TEST_P(TcpPeerUser, IsUnknownForAConnectionToItself) {
  const ListenSocket listener = listenOn(Address(GetParam(), 0));
  sockaddr_storage storage{};
  const socklen_t size = listener.address().toSocket(storage);
  const int descriptor = ::socket(storage.ss_family, SOCK_STREAM, 0);
  ASSERT_EQ(::connect(descriptor, reinterpret_cast<const sockaddr*>(&storage), size), 0);
  const test::PlainSocket own(descriptor);
  const Accepted accepted(listener);
  EXPECT_EQ(tcpPeerUser(accepted.ends), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(BothFamilies, TcpPeerUser,
                         ::testing::Values(IpAddress::v4({127, 0, 0, 1}),
                                           IpAddress::parse("::1").value()),
                         [](const auto& each) { return each.param.isV4() ? "IPv4" : "IPv6"; });

TEST(TcpPeerUserOf, AnotherMachineIsUnknown) {
  const TcpEnds ends{Address(IpAddress::v4({10, 0, 0, 1}), 9901),
                     Address(IpAddress::v4({10, 0, 0, 2}), 40000)};
  EXPECT_EQ(tcpPeerUser(ends), std::nullopt);
  EXPECT_EQ(tcpPeerUser({}), std::nullopt);
}

TEST(UnixPeerUser, IsThatOfTheOtherEnd) {
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()), 0);
  EXPECT_EQ(unixPeerUser(pair[0]), ::geteuid());
  ::close(pair[0]);
  ::close(pair[1]);
}

}  // namespace
}  // namespace weir::net
