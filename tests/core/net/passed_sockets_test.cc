#include "core/net/passed_sockets.h"

#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/opened.h"
#include "tests/support/temporary_directory.h"

namespace weir::net {
namespace {

const Address kLoopback(IpAddress::v4({127, 0, 0, 1}), 0);

bool isOpen(int descriptor) { return ::fcntl(descriptor, F_GETFD) >= 0; }

ino_t inodeOf(int descriptor) {
  struct stat found {};
  ::fstat(descriptor, &found);
  return found.st_ino;
}

class PassedSocketsTest : public ::testing::Test {
 protected:
  // A listening socket that nothing of weir owns.
  int listening(const Address& at = kLoopback) {
    ListenSocket socket = test::opened(ListenSocket::open(at, 8, ListenSocket::Sharing::kNone));
    address = socket.address();
    return socket.release();
  }
  Address address;  // of the latest
};

TEST_F(PassedSocketsTest, AListenerFindsItsSocketsByName) {
  const int first = listening();
  const int second = listening();
  const int other = listening();
  PassedSockets passed({first, second, other}, "web:web:api");
  const auto sockets = test::opened(passed.open("web", kLoopback, 3));
  ASSERT_EQ(sockets.size(), 3U);
  EXPECT_EQ(inodeOf(sockets[0].descriptor()), inodeOf(first));
  EXPECT_EQ(inodeOf(sockets[1].descriptor()), inodeOf(second));
  EXPECT_EQ(inodeOf(sockets[2].descriptor()), inodeOf(first));
  EXPECT_EQ(sockets[0].address(), localAddressOf(first));
  EXPECT_TRUE((::fcntl(first, F_GETFD) & FD_CLOEXEC) != 0);
  EXPECT_TRUE((::fcntl(first, F_GETFL) & O_NONBLOCK) != 0);
}

TEST_F(PassedSocketsTest, AListenerWithoutANamesakeFindsItsAddress) {
  PassedSockets passed({listening()}, "weir.socket");
  EXPECT_EQ(test::opened(passed.open("web", address, 2)).size(), 2U);
  EXPECT_TRUE(test::opened(passed.open("web", kLoopback, 2)).empty());
}

TEST_F(PassedSocketsTest, ASocketForAllAddressesServesThoseOfIpv4) {
  PassedSockets passed({listening(Address(Ip(), 0))}, "");
  const Address all(IpAddress::v4({0, 0, 0, 0}), address.port());
  EXPECT_EQ(test::opened(passed.open("web", all, 1)).size(), 1U);
  EXPECT_TRUE(test::opened(passed.open("web", Address(kLoopback.ip(), address.port()), 1)).empty());
}

TEST_F(PassedSocketsTest, MoreSocketsThanWorkersAreRefused) {
  PassedSockets passed({listening(), listening()}, "web:web");
  EXPECT_FALSE(passed.open("web", kLoopback, 1).ok());
}

TEST_F(PassedSocketsTest, TheSocketOutlivesItsListeners) {
  const int descriptor = listening();
  PassedSockets passed({descriptor}, "web");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(test::opened(passed.open("web", kLoopback, 1)).size(), 1U);
    EXPECT_TRUE(isOpen(descriptor));
  }
}

TEST_F(PassedSocketsTest, TheFileOfAUnixSocketRemains) {
  const test::TemporaryDirectory folder;
  const Address at = Address::unixPath(folder.path() + "/socket");
  PassedSockets passed({listening(at)}, "web");
  test::opened(passed.open("web", at, 2)).clear();
  EXPECT_EQ(::access(at.path().c_str(), F_OK), 0);
  ::unlink(at.path().c_str());
}

TEST_F(PassedSocketsTest, WhatNoListenerTakesIsClosed) {
  const int used = listening();
  const int unused = listening();
  const std::string text = address.text();
  const int deaf = ::socket(AF_INET, SOCK_STREAM, 0);
  const int datagram = ::socket(AF_INET, SOCK_DGRAM, 0);
  PassedSockets passed({used, unused, deaf, datagram}, "web:api:web");
  ASSERT_EQ(test::opened(passed.open("web", kLoopback, 1)).size(), 1U);
  const std::vector<std::string> closed = passed.closeUnused();
  EXPECT_EQ(closed, (std::vector<std::string>{
                        "descriptor " + std::to_string(unused) + " \"api\" on " + text,
                        "descriptor " + std::to_string(deaf) + " \"web\", which does not listen",
                        "descriptor " + std::to_string(datagram) + " \"\", which does not listen",
                    }));
  EXPECT_TRUE(isOpen(used));
  EXPECT_FALSE(isOpen(unused));
  EXPECT_FALSE(isOpen(deaf));
}

TEST_F(PassedSocketsTest, OnlyThoseForThisProcessCount) {
  ::setenv("LISTEN_PID", std::to_string(::getpid() + 1).c_str(), 1);
  ::setenv("LISTEN_FDS", "1", 1);
  ::setenv("LISTEN_FDNAMES", "web", 1);
  EXPECT_TRUE(PassedSockets::ofProcess().closeUnused().empty());
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) {
    EXPECT_EQ(std::getenv(name), nullptr) << name;
  }
}

}  // namespace
}  // namespace weir::net
