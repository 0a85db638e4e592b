#include "gateway/auth/network_set.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.h"

namespace weir::gateway {
namespace {

std::shared_ptr<const NetworkSet> setOf(const std::vector<std::string>& lines) {
  NetworkSetBuilder builder;
  for (const std::string& line : lines) EXPECT_EQ(builder.add(line), "") << line;
  return builder.finish();
}

bool has(const NetworkSet& set, std::string_view address) {
  return set.contains(IpAddress::parse(address).value());
}

TEST(NetworkSet, HasTheAddressesOfItsNetworks) {
  const auto set =
      setOf({"10.0.0.0/8", "192.0.2.7", "203.0.113.0/25", "203.0.113.128/25", "10.1.0.0/16",
             "2001:db8::/32", "2001:db9::1", "0.0.0.0", "255.255.255.255"});
  for (const char* in :
       {"10.0.0.0", "10.255.255.255", "10.1.2.3", "192.0.2.7", "203.0.113.0", "203.0.113.127",
        "203.0.113.128", "203.0.113.255", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:db9::1", "0.0.0.0", "255.255.255.255", "::ffff:10.0.0.1"}) {
    EXPECT_TRUE(has(*set, in)) << in;
  }
  for (const char* out : {"9.255.255.255", "11.0.0.0", "192.0.2.6", "192.0.2.8", "203.0.112.255",
                          "203.0.114.0", "2001:db7:ffff::", "2001:db9::", "2001:db9::2",
                          "::", "::1", "0.0.0.1", "255.255.255.254"}) {
    EXPECT_FALSE(has(*set, out)) << out;
  }
}

TEST(NetworkSet, MayBeEmptyOrEverything) {
  EXPECT_FALSE(has(*setOf({}), "10.0.0.1"));
  EXPECT_FALSE(has(*setOf({}), "::1"));
  EXPECT_TRUE(has(*setOf({"0.0.0.0/0"}), "255.1.2.3"));
  EXPECT_FALSE(has(*setOf({"0.0.0.0/0"}), "::1"));
  EXPECT_TRUE(has(*setOf({"::/0"}), "255.1.2.3"));
  EXPECT_TRUE(has(*setOf({"::/0"}), "ff::1"));
  EXPECT_FALSE(has(*setOf({"2001::/16"}), "10.0.0.1"));
}

TEST(NetworkSet, RefusesOtherLines) {
  NetworkSetBuilder builder;
  for (const char* line : {"10.0.0.1/8", "10.0.0", "example.com", "10.0.0.0/33", "1.2.3.4 x"}) {
    EXPECT_TRUE(builder.add(line).starts_with("is not an address")) << line;
  }
}

// The same answers as those of the ranges themselves.
TEST(NetworkSet, AgreesWithItsRanges) {
  Random random(7);
  std::vector<std::string> lines;
  std::vector<IpRange> ranges;
  for (int i = 0; i < 300; ++i) {
    const auto bits = static_cast<unsigned>(8 + random.below(25));
    const std::uint64_t network = random.next() & (0xFFFFFFFFU << (32 - bits)) & 0xFFFFFFFFU;
    lines.push_back(std::to_string(network >> 24U) + "." + std::to_string(network >> 16U & 255U) +
                    "." + std::to_string(network >> 8U & 255U) + "." +
                    std::to_string(network & 255U) + "/" + std::to_string(bits));
    ranges.push_back(*IpRange::parse(lines.back()));
  }
  const auto set = setOf(lines);
  for (int i = 0; i < 20'000; ++i) {
    const auto number = static_cast<std::uint32_t>(random.next());
    const IpAddress address = IpAddress::v4(
        {static_cast<std::uint8_t>(number >> 24U), static_cast<std::uint8_t>(number >> 16U),
         static_cast<std::uint8_t>(number >> 8U), static_cast<std::uint8_t>(number)});
    bool expected = false;
    for (const IpRange& range : ranges) expected |= range.contains(address);
    ASSERT_EQ(set->contains(address), expected) << number;
  }
}

}  // namespace
}  // namespace weir::gateway
