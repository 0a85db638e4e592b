#include "core/net/proxy_protocol_writer.h"

#include <gtest/gtest.h>

#include "core/net/proxy_protocol.h"

namespace weir::net {
namespace {

Address at(std::string_view text) { return Address::parse(text).value(); }

std::string text(std::string_view client, std::string_view server) {
  return proxyHeader(ProxyVersion::kText, {at(client), at(server), "a.test", "h2", "7"});
}

// The result of weir's own parser for version 2.
ProxyHeader readBack(const std::string& header) {
  ProxyHeader read;
  EXPECT_EQ(readProxyHeader(asBytes(header), read), ProxyRead::kComplete);
  EXPECT_EQ(read.version, 2);
  EXPECT_EQ(read.bytes, header.size());
  return read;
}

TEST(ProxyProtocolWriter, TextHasTheAddresses) {
  EXPECT_EQ(text("192.0.2.7:4660", "198.51.100.1:443"),
            "PROXY TCP4 192.0.2.7 198.51.100.1 4660 443\r\n");
  EXPECT_EQ(text("[2001:db8::1]:1", "[::1]:65535"), "PROXY TCP6 2001:db8::1 ::1 1 65535\r\n");
}

TEST(ProxyProtocolWriter, TwoFamiliesAreToldAsOne) {
  EXPECT_EQ(text("192.0.2.7:1", "[::1]:2"), "PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n");
  const std::string header =
      proxyHeader(ProxyVersion::kBinary, {at("192.0.2.7:1"), at("[2001:db8::1]:2"), {}, {}, {}});
  EXPECT_EQ(readBack(header).client, at("192.0.2.7:1"));
  EXPECT_EQ(readBack(header).server, at("[2001:db8::1]:2"));
}

TEST(ProxyProtocolWriter, BinaryReadsBack) {
  const std::string header =
      proxyHeader(ProxyVersion::kBinary,
                  {at("192.0.2.7:4660"), at("198.51.100.1:443"), "shop.test", "h2", "an-id"});
  const ProxyHeader read = readBack(header);
  EXPECT_EQ(read.client, at("192.0.2.7:4660"));
  EXPECT_EQ(read.server, at("198.51.100.1:443"));
  EXPECT_EQ(read.authority, "shop.test");
  EXPECT_EQ(read.alpn, "h2");
  EXPECT_EQ(read.unique_id, "an-id");
}

TEST(ProxyProtocolWriter, TheChecksumHolds) {
  std::string header =
      proxyHeader(ProxyVersion::kBinary, {at("[::1]:1"), at("[::1]:2"), "shop.test", {}, {}});
  EXPECT_EQ(readBack(header).authority, "shop.test");
  header[60] ^= 1;
  ProxyHeader read;
  EXPECT_EQ(readProxyHeader(asBytes(header), read), ProxyRead::kBroken);
}

TEST(ProxyProtocolWriter, UnixSocketsAreUnknown) {
  EXPECT_EQ(text("unix:/run/a", "192.0.2.7:1"), "PROXY UNKNOWN\r\n");
  const ProxiedClient nobody{Address(), at("192.0.2.7:1"), "shop.test", {}, {}};
  EXPECT_EQ(proxyHeader(ProxyVersion::kText, nobody), "PROXY UNKNOWN\r\n");
  const std::string header = proxyHeader(ProxyVersion::kBinary, nobody);
  EXPECT_FALSE(readBack(header).client);
  EXPECT_EQ(readBack(header).authority, "shop.test");
  EXPECT_EQ(proxyHeader(ProxyVersion::kNone, nobody), "");
}

}  // namespace
}  // namespace weir::net
