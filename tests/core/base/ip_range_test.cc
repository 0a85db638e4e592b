#include "core/base/ip_range.h"

#include <string>

#include <gtest/gtest.h>

namespace weir {
namespace {

using std::string_view_literals::operator""sv;

bool contains(std::string_view range, std::string_view address) {
  return IpRange::parse(range).value().contains(IpAddress::parse(address).value());
}

TEST(IpRange, ContainsTheAddressesOfItsPrefix) {
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.1.2"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(contains("192.168.4.0/22", "192.168.7.255"));
  EXPECT_FALSE(contains("192.168.4.0/22", "192.168.8.0"));
  EXPECT_TRUE(contains("127.0.0.1", "127.0.0.1"));
  EXPECT_FALSE(contains("127.0.0.1", "127.0.0.2"));
  EXPECT_TRUE(contains("0.0.0.0/0", "1.2.3.4"));
  EXPECT_FALSE(contains("0.0.0.0/0", "::1"));
  EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(contains("::/0", "1.2.3.4"));
}

TEST(IpRange, EveryLengthOfPrefixCounts) {
  for (int bits = 0; bits <= 128; ++bits) {
    const auto range = IpRange::parse("::/" + std::to_string(bits)).value();
    EXPECT_TRUE(range.contains(IpAddress())) << bits;
    const auto flipped = [&](int bit) {
      IpAddress::Bytes16 bytes{};
      bytes[static_cast<std::size_t>(bit / 8)] = static_cast<std::uint8_t>(0x80 >> (bit % 8));
      return IpAddress::v6(bytes);
    };
    for (int bit = 0; bit < 128; ++bit) {
      EXPECT_EQ(range.contains(flipped(bit)), bit >= bits) << bits << " " << bit;
    }
  }
}

TEST(IpRange, TakesMappedAddressesForIpv4) {
  EXPECT_TRUE(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
  EXPECT_TRUE(contains("::ffff:10.0.0.0/104", "10.1.2.3"));
  EXPECT_EQ(IpRange::parse("::ffff:10.0.0.0/104")->toString(), "10.0.0.0/8");
}

TEST(IpRange, RefusesWhatIsNoRange) {
  EXPECT_FALSE(IpRange::parse(""));
  EXPECT_FALSE(IpRange::parse("10"));
  EXPECT_FALSE(IpRange::parse("10.0.0.0/"));
  EXPECT_FALSE(IpRange::parse("10.0.0.0/33"));
  EXPECT_FALSE(IpRange::parse("10.0.0.0/-1"));
  EXPECT_FALSE(IpRange::parse("10.0.0.0/8x"));
  EXPECT_FALSE(IpRange::parse("10.0.0.1/8"));
  EXPECT_FALSE(IpRange::parse("::/129"));
  EXPECT_FALSE(IpRange::parse("2001:db8::1/64"));
  EXPECT_FALSE(IpRange::parse("example.com"));
  EXPECT_FALSE(IpRange::parse("10.0.0.1\0x"sv));
}

TEST(IpRange, ReadsAsText) {
  EXPECT_EQ(IpRange::parse("10.0.0.0/8")->toString(), "10.0.0.0/8");
  EXPECT_EQ(IpRange::parse("2001:db8::/32")->toString(), "2001:db8::/32");
}

}  // namespace
}  // namespace weir
