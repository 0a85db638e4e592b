#include "core/net/address.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <vector>

#include <gtest/gtest.h>

namespace weir::net {
namespace {

std::string addressText(std::string_view text) {
  const auto address = Address::parse(text);
  return address.ok() ? address.value().text() : "invalid";
}

// The text of an address after conversion to the system's form and back.
std::string throughSocket(std::string_view text) {
  const Address address = Address::parse(text).value();
  sockaddr_storage storage{};
  EXPECT_GT(address.toSocket(storage), 0U);
  const Address back = Address::fromSocket(storage);
  EXPECT_EQ(back, address);
  return back.text();
}

TEST(Address, ReadsAndWritesPorts) {
  EXPECT_EQ(addressText("10.0.0.1:80"), "10.0.0.1:80");
  EXPECT_EQ(addressText("10.0.0.1:0"), "10.0.0.1:0");
  EXPECT_EQ(addressText("[::1]:65535"), "[::1]:65535");
  EXPECT_EQ(addressText("unix:/run/x.sock"), "unix:/run/x.sock");
  EXPECT_EQ(addressText("unix:x"), "unix:x");
}

TEST(Address, RefusesAnythingElse) {
  const std::vector<std::string> wrong = {"",
                                          "80",
                                          ":80",
                                          "10.0.0.1",
                                          "10.0.0.1:",
                                          "10.0.0.1:+1",
                                          "10.0.0.1:-1",
                                          "10.0.0.1: 1",
                                          "10.0.0.1:65536",
                                          "10.0.0.1:8o",
                                          "::1:80",
                                          "[::1]",
                                          "[::1]80",
                                          "[::1:80",
                                          "::1]:80",
                                          "[10.0.0.1]:80",
                                          "localhost:80",
                                          "unix:",
                                          "[]:80"};
  for (const std::string& text : wrong) EXPECT_EQ(addressText(text), "invalid") << text;
}

TEST(Address, TellsItsParts) {
  const Address tcp = Address::parse("[2001:db8::7]:443").value();
  EXPECT_EQ(tcp.ip().text(), "2001:db8::7");
  EXPECT_EQ(tcp.port(), 443);
  EXPECT_FALSE(tcp.isUnix());
  const Address path = Address::parse("unix:/run/x.sock").value();
  EXPECT_EQ(path.path(), "/run/x.sock");
  EXPECT_TRUE(path.isUnix());
}

TEST(Address, SurvivesTheSystemsForm) {
  EXPECT_EQ(throughSocket("10.1.2.3:8080"), "10.1.2.3:8080");
  EXPECT_EQ(throughSocket("[2001:db8::7]:443"), "[2001:db8::7]:443");
  EXPECT_EQ(throughSocket("unix:/run/x.sock"), "unix:/run/x.sock");
}

TEST(Address, SaysWhenAPathIsTooLong) {
  sockaddr_storage storage{};
  const std::size_t most = sizeof(sockaddr_un::sun_path) - 1;
  EXPECT_GT(Address::unixPath(std::string(most, 'x')).toSocket(storage), 0U);
  EXPECT_EQ(Address::unixPath(std::string(most + 1, 'x')).toSocket(storage), 0U);
}

TEST(Address, ReadsAPathThatFillsTheSystemsForm) {
  sockaddr_un full{};
  full.sun_family = AF_UNIX;
  std::fill(std::begin(full.sun_path), std::end(full.sun_path), 'x');
  sockaddr_storage storage{};
  std::fill_n(reinterpret_cast<char*>(&storage), sizeof storage, 'y');
  std::memcpy(&storage, &full, sizeof full);
  EXPECT_EQ(Address::fromSocket(storage).path(), std::string(sizeof full.sun_path, 'x'));
}

TEST(Address, IsNothingForAnUnknownFamily) {
  sockaddr_storage storage{};
  storage.ss_family = AF_NETLINK;
  EXPECT_EQ(Address::fromSocket(storage), Address());
}

}  // namespace
}  // namespace weir::net
