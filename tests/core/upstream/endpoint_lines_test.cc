#include "core/upstream/endpoint_lines.h"

#include <gtest/gtest.h>

namespace weir::upstream {
namespace {

std::string again(std::string_view text) {
  const EndpointText read = readEndpointLines(text);
  return read.mistake.empty() ? endpointLines(read.endpoints) : "mistake: " + read.mistake;
}

TEST(EndpointLines, ReadsAddressesAndTheirProperties) {
  const EndpointText read = readEndpointLines(
      "# orders\n10.0.0.1:80\n\n"
      "  [fd00::1]:81\tweight=3 priority=2 zone=eu-1a draining=true version=2 # the new one\r\n"
      "unix:/run/x.sock weight=0");
  ASSERT_EQ(read.mistake, "");
  ASSERT_EQ(read.endpoints.size(), 3U);
  EXPECT_EQ(read.endpoints[0].address.text(), "10.0.0.1:80");
  EXPECT_EQ(read.endpoints[0].weight, 1U);
  const Endpoint& second = read.endpoints[1];
  EXPECT_EQ(second.weight, 3U);
  EXPECT_EQ(second.priority, 2U);
  EXPECT_EQ(second.zone, "eu-1a");
  EXPECT_TRUE(second.draining);
  ASSERT_EQ(second.metadata.size(), 1U);
  EXPECT_EQ(second.metadata[0].first + "=" + second.metadata[0].second, "version=2");
  EXPECT_EQ(read.endpoints[2].weight, 0U);
}

TEST(EndpointLines, WritesWhatItReads) {
  Endpoint endpoint{.address = net::Address::unixPath("/run/a b#=%.sock"), .zone = "a b\n"};
  endpoint.metadata = {
      {"a key", "100 %"}, {"b", ""}, {"priority", "1"}, {"weight", "x"}, {"zone", "y"}};
  endpoint.weight = 7;
  endpoint.draining = true;
  endpoint.priority = 15;
  const EndpointText read = readEndpointLines(endpointLines({endpoint}));
  ASSERT_EQ(read.mistake, "");
  EXPECT_EQ(read.endpoints.at(0), endpoint);
}

TEST(EndpointLines, NamesLineAndColumnOfAMistake) {
  EXPECT_EQ(again("10.0.0.1:80\n orders:80"),
            "mistake: 2:2: is not an address such as 10.0.0.1:8080");
  EXPECT_EQ(again("10.0.0.1:80 weight=-1"), "mistake: 1:13: must be a number from 0 to 1000000");
  EXPECT_EQ(again("10.0.0.1:80 weight=1000001"),
            "mistake: 1:13: must be a number from 0 to 1000000");
  EXPECT_EQ(again("10.0.0.1:80 weight=1000000"), "10.0.0.1:80 weight=1000000\n");
  EXPECT_EQ(again("10.0.0.1:80 priority=16"), "mistake: 1:13: must be a number from 0 to 15");
  EXPECT_EQ(again("10.0.0.1:80 fast"), "mistake: 1:13: is not key=value");
  EXPECT_EQ(again("10.0.0.1:80 =x"), "mistake: 1:13: is not key=value");
  EXPECT_EQ(again("10.0.0.1:80 a=%1"), "mistake: 1:13: has an invalid %-encoding");
  EXPECT_EQ(again("10.0.0.1:80 draining=yes"), "mistake: 1:13: must be true or false");
  EXPECT_EQ(again("10.0.0.1:80 a=1 a=2"), "mistake: 1:17: is there twice");
  EXPECT_EQ(again("10.0.0.1:80\n10.0.0.1:80"), "mistake: 2:1: is there twice");
}

}  // namespace
}  // namespace weir::upstream
