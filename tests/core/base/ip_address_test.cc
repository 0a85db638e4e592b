#include "core/base/ip_address.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace weir {
namespace {

std::string ipText(std::string_view text) {
  const auto ip = IpAddress::parse(text);
  return ip.ok() ? ip.value().text() : "invalid";
}

TEST(IpAddress, ReadsAndWritesBothFamilies) {
  EXPECT_EQ(ipText("10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(ipText("255.255.255.255"), "255.255.255.255");
  EXPECT_EQ(ipText("0.0.0.0"), "0.0.0.0");
  EXPECT_EQ(ipText("::1"), "::1");
  EXPECT_EQ(ipText("2001:DB8:0:0:0:0:0:1"), "2001:db8::1");
  EXPECT_EQ(ipText("::"), "::");
}

TEST(IpAddress, TakesAMappedAddressForTheOneThatItMaps) {
  EXPECT_EQ(IpAddress::parse("::ffff:10.0.0.1").value(), IpAddress::parse("10.0.0.1").value());
  EXPECT_TRUE(IpAddress::parse("::ffff:10.0.0.1").value().isV4());
  EXPECT_FALSE(IpAddress::parse("::10.0.0.1").value().isV4());
}

TEST(IpAddress, RefusesAnythingElse) {
  const std::vector<std::string> wrong = {"",
                                          " ",
                                          "10.0.0",
                                          "10.0.0.1.2",
                                          "10.0.0.256",
                                          "10.0.0.01",
                                          " 10.0.0.1",
                                          "10.0.0.1 ",
                                          "0x0a.0.0.1",
                                          "localhost",
                                          "[::1]",
                                          "::1%lo",
                                          ":::1",
                                          "1:2:3",
                                          "10.0.0.1/8",
                                          std::string("10.0.0.1\0", 9),
                                          std::string("10.0.0.1\0x", 10),
                                          std::string(100, '1')};
  for (const std::string& text : wrong) EXPECT_EQ(ipText(text), "invalid") << text;
}

TEST(IpAddress, IsOrderedAndEqualByItsBytes) {
  const IpAddress low = IpAddress::v4({10, 0, 0, 1});
  const IpAddress high = IpAddress::v4({10, 0, 0, 2});
  EXPECT_LT(low, high);
  EXPECT_EQ(low, IpAddress::parse("10.0.0.1").value());
  EXPECT_NE(low, IpAddress::v6(IpAddress().bytes()));
}

TEST(IpAddress, FormatsTheLongestText) {
  const std::string longest = "abcd:abcd:abcd:abcd:abcd:abcd:abcd:abcd";
  std::array<char, IpAddress::kMaxText> into{};
  EXPECT_EQ(IpAddress::parse(longest).value().format(into), longest);
}

TEST(IpAddress, IsUnknownUnlessItIsAnAddress) {
  EXPECT_EQ(IpAddress::parseOrUnknown("10.0.0.1"), IpAddress::v4({10, 0, 0, 1}));
  EXPECT_FALSE(IpAddress::parseOrUnknown("unknown").known());
  EXPECT_FALSE(IpAddress::parseOrUnknown("::").known());
  EXPECT_TRUE(IpAddress::parseOrUnknown("0.0.0.0").known());
}

TEST(IpAddress, NamesAClientWithoutOne) {
  std::array<char, IpAddress::kMaxText> into{};
  EXPECT_EQ(IpAddress().formatClient(into), "unknown");
  EXPECT_EQ(IpAddress::v4({192, 0, 2, 1}).formatClient(into), "192.0.2.1");
}

}  // namespace
}  // namespace weir
