#include "core/net/acceptor.h"

#include <cerrno>
#include <fstream>
#include <functional>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/opened.h"
#include "tests/support/plain_socket.h"
#include "tests/support/temporary_directory.h"

namespace weir::net {
namespace {

using test::PlainSocket;

const Address kAnyPort(IpAddress::v4({127, 0, 0, 1}), 0);

// The error of a bind, connect or listen; "none" if there is none.
template <typename T>
std::string failure(const Result<T>& result) {
  return result.ok() ? "none" : std::string(result.error().detail);
}

class AcceptorTest : public ::testing::Test {
 protected:
  ~AcceptorTest() override {
    if (!folder.empty()) {
      ::unlink((folder + "/socket").c_str());
      ::rmdir(folder.c_str());
    }
  }
  void listen(const Address& at = kAnyPort) {
    acceptor = test::opened(Acceptor::open(
        loop, std::move(ListenSocket::open(at, 64).value()),
        [this](int descriptor, const Address& peer) {
          accepted.push_back(std::make_unique<PlainSocket>(descriptor));
          latest = descriptor;
          peers.push_back(peer);
        },
        [this] { ++turned_away; }));
    address = acceptor->address();
  }
  // Connects without blocking; returns the descriptor, or -1.
  int dial() const {
    sockaddr_storage storage{};
    const socklen_t length = address.toSocket(storage);
    const int descriptor = ::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto* raw = reinterpret_cast<const sockaddr*>(&storage);
    if (::connect(descriptor, raw, length) == 0) return descriptor;
    ::close(descriptor);
    return -1;
  }
  std::unique_ptr<PlainSocket> connect() const { return std::make_unique<PlainSocket>(dial()); }
  bool until(const std::function<bool()>& reached) {
    for (int turn = 0; turn < 20'000; ++turn) {
      if (reached()) return true;
      loop.runOnce();
    }
    return false;
  }
  void turns(int count) {
    for (int turn = 0; turn < count; ++turn) loop.runOnce();
  }
  Address unixAddress() {
    folder = ::testing::TempDir() + "/weir-XXXXXX";
    EXPECT_NE(::mkdtemp(folder.data()), nullptr);
    return Address::unixPath(folder + "/socket");
  }

  event::Loop loop{event::Loop::Time::kManual};
  std::string folder;
  std::unique_ptr<Acceptor> acceptor;
  Address address;
  std::vector<std::unique_ptr<PlainSocket>> accepted;
  std::vector<Address> peers;
  int latest = -1;
  int turned_away = 0;
};

TEST_F(AcceptorTest, TakesAFreePort) {
  listen();
  EXPECT_NE(address.port(), 0);
  EXPECT_EQ(address.ip(), kAnyPort.ip());
}

TEST_F(AcceptorTest, AcceptsConnectionsWithTheirPeers) {
  listen();
  const auto client = connect();
  ASSERT_TRUE(until([this] { return accepted.size() == 1; }));
  EXPECT_EQ(peers[0].ip().text(), "127.0.0.1");
  EXPECT_NE(peers[0].port(), 0);
  client->send("hello");
  std::string heard;
  EXPECT_TRUE(until([&] {
    heard += accepted[0]->take();
    return heard == "hello";
  }));
}

TEST_F(AcceptorTest, AcceptsManyThatWait) {
  listen();
  std::vector<std::unique_ptr<PlainSocket>> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(connect());
  EXPECT_TRUE(until([this] { return accepted.size() == 20; }));
}

TEST_F(AcceptorTest, TakesThoseWhoWaitWhenNewOnesAreDropped) {
  listen();
  const auto before = connect();
  acceptor->dropNew();
  const int late = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const PlainSocket owner(late);
  sockaddr_storage storage{};
  const socklen_t length = address.toSocket(storage);
  ASSERT_EQ(::connect(late, reinterpret_cast<const sockaddr*>(&storage), length), -1);
  EXPECT_TRUE(until([this] { return accepted.size() == 1; }));
  before->send("hello");
  std::string heard;
  EXPECT_TRUE(until([&] {
    heard += accepted[0]->take();
    return heard == "hello";
  }));
  tcp_info info{};
  socklen_t size = sizeof info;
  ASSERT_EQ(::getsockopt(late, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
  EXPECT_EQ(info.tcpi_state, TCP_SYN_SENT);
  EXPECT_EQ(accepted.size(), 1U);
}

TEST_F(AcceptorTest, DroppingNewOnesIsNothingToAUnixSocket) {
  listen(unixAddress());
  acceptor->dropNew();
  const auto client = connect();
  EXPECT_TRUE(until([this] { return accepted.size() == 1; }));
}

TEST_F(AcceptorTest, HandsOverSocketsThatDoNotWaitAndDoNotDelay) {
  listen();
  const auto client = connect();
  ASSERT_TRUE(until([this] { return accepted.size() == 1; }));
  int no_delay = 0;
  socklen_t length = sizeof no_delay;
  ::getsockopt(latest, IPPROTO_TCP, TCP_NODELAY, &no_delay, &length);
  EXPECT_NE(no_delay, 0);
  char byte = 0;
  EXPECT_EQ(::recv(latest, &byte, 1, 0), -1);
}

TEST_F(AcceptorTest, SharesAnAddressAmongWorkers) {
  const auto first = ListenSocket::open(kAnyPort, 16);
  const auto second = ListenSocket::open(first.value().address(), 16);
  EXPECT_EQ(failure(second), "none");
  EXPECT_EQ(second.value().address(), first.value().address());
}

TEST_F(AcceptorTest, KeepsAnAddressToItselfWhenToldTo) {
  const auto first = ListenSocket::open(kAnyPort, 16, ListenSocket::Sharing::kNone);
  const Address taken = first.value().address();
  EXPECT_EQ(failure(ListenSocket::open(taken, 16)), "address already in use");
  EXPECT_EQ(failure(ListenSocket::open(taken, 16, ListenSocket::Sharing::kNone)),
            "address already in use");
}

TEST_F(AcceptorTest, SaysWhenAnAddressIsNotOurs) {
  const auto socket = ListenSocket::open(Address(IpAddress::v4({192, 0, 2, 1}), 0), 16);
  EXPECT_EQ(socket.error().code, ErrorCode::kUnreachable);
}

TEST_F(AcceptorTest, PassesAReleasedSocketOn) {
  auto socket = std::move(ListenSocket::open(kAnyPort, 16).value());
  const Address at = socket.address();
  const auto adopted = ListenSocket::adopt(socket.release(), at);
  EXPECT_EQ(socket.descriptor(), -1);
  address = at;
  EXPECT_NE(connect(), nullptr);
}

TEST_F(AcceptorTest, AcceptsOnUnixSockets) {
  listen(unixAddress());
  EXPECT_EQ(address.text(), "unix:" + folder + "/socket");
  const auto client = connect();
  EXPECT_TRUE(until([this] { return accepted.size() == 1; }));
}

TEST_F(AcceptorTest, ReplacesAUnixSocketThatWasLeftBehind) {
  const Address at = unixAddress();
  ::close(ListenSocket::open(at, 16).value().release());
  ASSERT_EQ(::access(at.path().c_str(), F_OK), 0);
  listen(at);
  const auto client = connect();
  EXPECT_TRUE(until([this] { return accepted.size() == 1; }));
}

TEST_F(AcceptorTest, RemovesItsUnixSocketWhenItCloses) {
  const Address at = unixAddress();
  listen(at);
  const auto waiting = connect();
  acceptor = nullptr;
  EXPECT_EQ(::access(at.path().c_str(), F_OK), -1);
  EXPECT_EQ(accepted.size(), 1U);
  listen(at);
  ASSERT_EQ(::unlink(at.path().c_str()), 0);
  const auto another = ListenSocket::open(at, 16);
  acceptor = nullptr;
  EXPECT_EQ(::access(at.path().c_str(), F_OK), 0);  // the file of another socket
}

TEST_F(AcceptorTest, RemovesTheFileOfAUnixSocketThatNobodyTook) {
  const Address at = unixAddress();
  { const auto unused = ListenSocket::open(at, 16); }
  EXPECT_EQ(::access(at.path().c_str(), F_OK), -1);
  const int descriptor = ListenSocket::open(at, 16).value().release();
  { const ListenSocket adopted = ListenSocket::adopt(descriptor, at); }
  EXPECT_EQ(::access(at.path().c_str(), F_OK), -1);
}

TEST_F(AcceptorTest, TakesNoUnixSocketAwayFromAnother) {
  const Address at = unixAddress();
  listen(at);
  EXPECT_EQ(failure(ListenSocket::open(at, 16)), "address already in use");
  const auto client = connect();
  EXPECT_TRUE(until([this] { return accepted.size() == 2; }));  // the first was the probe of open()
}

TEST_F(AcceptorTest, RemovesNoFileThatIsNoSocket) {
  const Address at = unixAddress();
  std::ofstream(at.path()) << "mine";
  EXPECT_EQ(failure(ListenSocket::open(at, 16)), "address already in use");
  EXPECT_EQ(::access(at.path().c_str(), F_OK), 0);
}

TEST_F(AcceptorTest, RefusesAPathThatIsTooLong) {
  const auto socket = ListenSocket::open(Address::unixPath(std::string(200, 'x')), 16);
  EXPECT_EQ(socket.error().code, ErrorCode::kInvalid);
}

TEST_F(AcceptorTest, AcceptsWhoeverWaitsBeforeItGoes) {
  listen();
  const auto one = connect();
  const auto two = connect();
  acceptor = nullptr;
  EXPECT_EQ(accepted.size(), 2U);
  accepted[0]->send("served");
  accepted[1]->send("served");
  EXPECT_TRUE(until([&] { return one->take() == "served"; }));
}

TEST_F(AcceptorTest, IsClosedAtOnceWhenItGoes) {
  listen();
  acceptor = nullptr;
  EXPECT_EQ(dial(), -1);
}

// Leaves the process without free descriptors.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit few = before_;
    few.rlim_cur = static_cast<rlim_t>(::dup(0)) + 1;  // the lowest free one, and none after it
    ::setrlimit(RLIMIT_NOFILE, &few);
    for (int taken = 0; taken >= 0;) {
      taken = ::dup(0);
      if (taken >= 0) taken_.push_back(taken);
    }
  }
  ~NoDescriptors() {
    ::setrlimit(RLIMIT_NOFILE, &before_);
    for (const int descriptor : taken_) ::close(descriptor);
  }
  void giveBackOne() {
    ::close(taken_.back());
    taken_.pop_back();
  }

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

TEST_F(AcceptorTest, RefusesInGoodOrderWithoutDescriptors) {
  listen();
  const auto client = connect();
  const auto other = connect();
  {
    const NoDescriptors none;
    turns(3);
    client->take();
    EXPECT_TRUE(client->ended() || client->failed());
    other->take();
    EXPECT_FALSE(other->ended() || other->failed());  // it pauses before the next one
    loop.advance(Milliseconds(104));
    turns(3);
    other->take();
    EXPECT_TRUE(other->ended() || other->failed());
  }
  EXPECT_TRUE(accepted.empty());
  EXPECT_EQ(turned_away, 2);
  loop.advance(Milliseconds(104));
  const auto later = connect();
  EXPECT_TRUE(until([this] { return accepted.size() == 1; }));
}

TEST_F(AcceptorTest, GoesWithoutDescriptors) {
  listen();
  const auto client = connect();
  {
    const NoDescriptors none;
    acceptor = nullptr;
  }
  client->take();
  EXPECT_TRUE(client->ended() || client->failed());
  EXPECT_EQ(dial(), -1);
}

TEST(ListenSocket, OnlyTheFileOfASocketGetsAModeOrAnOwner) {
  const test::TemporaryDirectory folder;
  const Address at = Address::unixPath(folder.path() + "/in.sock");
  const auto opened = ListenSocket::open(at, 1, ListenSocket::Sharing::kNone, 0600);
  const ListenSocket& socket = opened.value();
  EXPECT_TRUE(socket.giveTo(::getuid(), ::getgid()));
  ASSERT_EQ(::unlink(at.path().c_str()), 0);
  const std::string other = folder.path() + "/file";
  std::ofstream(other) << "mine";
  ASSERT_EQ(::chmod(other.c_str(), 0600), 0);
  for (const auto place : {::link, ::symlink}) {
    ASSERT_EQ(place(other.c_str(), at.path().c_str()), 0);
    EXPECT_FALSE(setSocketMode(at, 0666));
    EXPECT_EQ(errno, ENOTSOCK);
    EXPECT_FALSE(socket.giveTo(::getuid(), ::getgid()));
    ASSERT_EQ(::unlink(at.path().c_str()), 0);
  }
  struct stat found {};
  ASSERT_EQ(::stat(other.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777U, 0600U);
}

// Even if the umask would allow more, or less.
TEST(ListenSocket, AUnixSocketHasTheModeThatIsAskedFor) {
  const test::TemporaryDirectory folder;
  const Address at = Address::unixPath(folder.path() + "/in.sock");
  const auto mode_now = [&] {
    struct stat found {};
    EXPECT_EQ(::lstat(at.path().c_str(), &found), 0);
    return found.st_mode & 07777U;
  };
  for (const mode_t mask : {0000U, 0022U, 0777U}) {
    const mode_t before = ::umask(mask);
    for (const unsigned mode : {0600U, 0660U, 0666U, 0777U}) {
      const auto socket = ListenSocket::open(at, 1, ListenSocket::Sharing::kNone, mode);
      ASSERT_EQ(failure(socket), "none");
      EXPECT_EQ(mode_now(), mode);
      EXPECT_TRUE(setSocketMode(at, 0640));
      EXPECT_EQ(mode_now(), 0640U);
    }
    {
      const auto socket = ListenSocket::open(at, 1);
      EXPECT_EQ(mode_now(), 0777U & ~mask);
    }
    ::umask(before);
  }
}

}  // namespace
}  // namespace weir::net
