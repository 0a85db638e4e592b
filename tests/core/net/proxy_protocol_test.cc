#include "core/net/proxy_protocol.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace weir::net {
namespace {

using namespace std::string_literals;

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string sized(std::size_t size) {
  return {static_cast<char>(size >> 8U), static_cast<char>(size & 0xFFU)};
}

std::string tlv(char type, const std::string& value) { return type + sized(value.size()) + value; }

std::string binary(char command, char family, const std::string& block) {
  return kSignature + command + family + sized(block.size()) + block;
}

// 192.0.2.7:4660 to 198.51.100.1:443
const std::string kInetBlock = "\xC0\x00\x02\x07\xC6\x33\x64\x01\x12\x34\x01\xBB"s;

std::string inet(const std::string& tlvs = "") { return binary('\x21', '\x11', kInetBlock + tlvs); }

ProxyRead headerRead(std::string_view text) {
  ProxyHeader header;
  return readProxyHeader(asBytes(text), header);
}

ProxyHeader headerIn(const std::string& text) {
  ProxyHeader header;
  EXPECT_EQ(readProxyHeader(asBytes(text), header), ProxyRead::kComplete);
  return header;
}

TEST(ProxyProtocol, TextNamesTheClient) {
  const ProxyHeader header = headerIn("PROXY TCP4 192.0.2.7 198.51.100.1 4660 443\r\nGET /");
  EXPECT_EQ(header.version, 1);
  EXPECT_EQ(header.bytes, 44U);
  EXPECT_EQ(header.client->text(), "192.0.2.7:4660");
  EXPECT_EQ(header.server->text(), "198.51.100.1:443");
  EXPECT_EQ(headerIn("PROXY TCP6 2001:db8::1 ::1 1 65535\r\n").client->text(), "[2001:db8::1]:1");
}

TEST(ProxyProtocol, UnknownAndLocalNameNobody) {
  EXPECT_FALSE(headerIn("PROXY UNKNOWN\r\n").client);
  EXPECT_FALSE(headerIn("PROXY UNKNOWN ffff::1 whatever it says\r\n").client);
  EXPECT_FALSE(headerIn(binary('\x20', '\0', "")).client);
  EXPECT_FALSE(headerIn(binary('\x20', '\x11', kInetBlock)).client);
  EXPECT_FALSE(headerIn(binary('\x21', '\x31', std::string(216, 'p'))).client);
  EXPECT_FALSE(headerIn(binary('\x21', '\x12', kInetBlock)).client);
}

TEST(ProxyProtocol, BrokenTextIsRefused) {
  for (const std::string& line : std::vector<std::string>{
           "PROXY TCP4 192.0.2.7 198.51.100.1 4660", "PROXY TCP4 192.0.2.7 198.51.100.1 4660 443 ",
           "PROXY TCP4 192.0.2.7  198.51.100.1 4660 443", "PROXY TCP4 ::1 ::1 1 2",
           "PROXY TCP6 192.0.2.7 198.51.100.1 4660 443", "PROXY TCP4 192.0.2.7 198.51.100.1 +1 443",
           "PROXY TCP4 192.0.2.7 198.51.100.1 01 443", "PROXY TCP4 192.0.2.7 198.51.100.1 1 65536",
           "PROXY TCP4 192.0.2.7 198.51.100.1 1 2 3", "PROXY TCP4 name other 1 2",
           "PROXY UDP4 192.0.2.7 198.51.100.1 1 2", "PROXY UNKNOWNX", "PROXY ", "PROXY  TCP4"}) {
    EXPECT_EQ(headerRead(line + "\r\n"), ProxyRead::kBroken) << line;
  }
}

TEST(ProxyProtocol, TextIsBounded) {
  const std::string start = "PROXY UNKNOWN ";
  EXPECT_EQ(headerIn(start + std::string(105 - start.size(), 'x') + "\r\n").bytes, 107U);
  EXPECT_EQ(headerRead(start + std::string(106 - start.size(), 'x')), ProxyRead::kMore);
  EXPECT_EQ(headerRead(start + std::string(107 - start.size(), 'x')), ProxyRead::kBroken);
  EXPECT_EQ(headerRead(start + std::string(106 - start.size(), 'x') + "\r\n"), ProxyRead::kBroken);
}

TEST(ProxyProtocol, WhatBeginsOtherwiseIsAbsent) {
  for (const std::string_view text :
       {"GET / HTTP/1.1\r\n", "POST /", "PROX ", "\x16\x03\x01", "\r\n\r\nGET", "PROXYTCP4"}) {
    EXPECT_EQ(headerRead(text), ProxyRead::kAbsent) << text;
  }
}

TEST(ProxyProtocol, ComesInPieces) {
  for (const std::string& text :
       {"PROXY TCP4 192.0.2.7 198.51.100.1 4660 443\r\n"s, inet(tlv('\x02', "shop.test"))}) {
    for (std::size_t size = 0; size < text.size(); ++size) {
      EXPECT_EQ(headerRead(text.substr(0, size)), ProxyRead::kMore) << size;
    }
    EXPECT_EQ(headerIn(text + "rest").bytes, text.size());
  }
}

TEST(ProxyProtocol, BinaryNamesTheClient) {
  const ProxyHeader header = headerIn(inet() + "GET /");
  EXPECT_EQ(header.version, 2);
  EXPECT_EQ(header.bytes, 28U);
  EXPECT_EQ(header.client->text(), "192.0.2.7:4660");
  EXPECT_EQ(header.server->text(), "198.51.100.1:443");
  const std::string block =
      std::string(15, '\0') + '\1' + std::string(15, '\0') + '\2' + "\x00\x50\x01\xBB"s;
  EXPECT_EQ(headerIn(binary('\x21', '\x21', block)).client->text(), "[::1]:80");
}

// A load balancer passes on any authority from its client.
TEST(ProxyProtocol, TakesNoAuthorityThatIsNoName) {
  for (const std::string& bad : {"a\r\nb"s, "a\0b"s, "a b"s, "\xC3\xA9"s, ""s}) {
    const std::string text = inet(tlv('\x02', bad));
    EXPECT_EQ(headerIn(text).authority, "") << bad;
  }
}

TEST(ProxyProtocol, KeepsWhatItKnowsOfTheRest) {
  const std::string tls =
      "\x03\0\0\0\0"s + tlv('\x21', "TLSv1.3") + tlv('\x23', "cipher") + tlv('\x22', "jane");
  const std::string text = inet(tlv('\x01', "h2") + tlv('\x02', "shop.test") + tlv('\x04', "pad") +
                                tlv('\x05', "id-1") + tlv('\x20', tls) + tlv('\xEA', "vendor"));
  const ProxyHeader header = headerIn(text);
  EXPECT_EQ(header.alpn, "h2");
  EXPECT_EQ(header.authority, "shop.test");
  EXPECT_EQ(header.unique_id, "id-1");
  ASSERT_TRUE(header.tls);
  EXPECT_TRUE(header.tls->verified);
  EXPECT_EQ(header.tls->version, "TLSv1.3");
  EXPECT_EQ(header.tls->common_name, "jane");
}

TEST(ProxyProtocol, AClientWithoutAGoodCertificateIsNotVerified) {
  const std::string refused = inet(tlv('\x20', "\x03\0\0\0\x0A"s));
  EXPECT_FALSE(headerIn(refused).tls->verified);
  const std::string without = inet(tlv('\x20', "\x01\0\0\0\0"s));
  EXPECT_FALSE(headerIn(without).tls->verified);
  const std::string clear = inet(tlv('\x20', "\0\0\0\0\0"s));
  EXPECT_FALSE(headerIn(clear).tls);
}

// The valid one was computed independently of this code.
TEST(ProxyProtocol, ChecksTheChecksum) {
  EXPECT_EQ(headerRead(inet(tlv('\x03', "\x82\x61\x6F\x8C"s))), ProxyRead::kComplete);
  EXPECT_EQ(headerRead(inet(tlv('\x03', "\1\2\3\4"))), ProxyRead::kBroken);
  EXPECT_EQ(headerRead(inet(tlv('\x03', "\1\2\3"))), ProxyRead::kBroken);
}

TEST(ProxyProtocol, BrokenBinaryIsRefused) {
  EXPECT_EQ(headerRead(binary('\x11', '\x11', kInetBlock)), ProxyRead::kBroken);  // version
  EXPECT_EQ(headerRead(binary('\x22', '\x11', kInetBlock)), ProxyRead::kBroken);  // command
  EXPECT_EQ(headerRead(binary('\x21', '\x41', kInetBlock)), ProxyRead::kBroken);  // family
  EXPECT_EQ(headerRead(binary('\x21', '\x13', kInetBlock)), ProxyRead::kBroken);  // transport
  EXPECT_EQ(headerRead(binary('\x21', '\x21', kInetBlock)), ProxyRead::kBroken);  // too short
  EXPECT_EQ(headerRead(inet("\x01")), ProxyRead::kBroken);
  EXPECT_EQ(headerRead(inet("\x01\0\5h2"s)), ProxyRead::kBroken);
  EXPECT_EQ(headerRead(inet(tlv('\x05', std::string(129, 'i')))), ProxyRead::kBroken);
  EXPECT_EQ(headerRead(inet(tlv('\x20', "\1\0\0"s))), ProxyRead::kBroken);
  EXPECT_EQ(headerRead(inet(tlv('\x20', "\1\0\0\0\0\x21"s))), ProxyRead::kBroken);
}

TEST(ProxyProtocol, BinaryIsBoundedBeforeItArrives) {
  const std::string start = kSignature + "\x21\x11";
  EXPECT_EQ(headerRead(start + sized(4096 - 16)), ProxyRead::kMore);
  EXPECT_EQ(headerRead(start + sized(4096 - 15)), ProxyRead::kBroken);
}

}  // namespace
}  // namespace weir::net
