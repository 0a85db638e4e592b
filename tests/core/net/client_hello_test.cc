#include "core/net/client_hello.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace weir::net {
namespace {

using namespace std::string_literals;

std::string number(std::size_t value, std::size_t bytes) {
  std::string text;
  for (std::size_t i = bytes; i > 0; --i) text += static_cast<char>(value >> 8 * (i - 1) & 0xFFU);
  return text;
}
std::string sized(std::size_t bytes, const std::string& text) {
  return number(text.size(), bytes) + text;
}
std::string extension(std::size_t type, const std::string& body) {
  return number(type, 2) + sized(2, body);
}
std::string serverName(const std::string& name) {
  return extension(0, sized(2, "\0"s + sized(2, name)));
}
std::string alpn(const std::string& names) { return extension(16, sized(2, names)); }

// The message, with the fields before its extensions.
std::string message(const std::string& rest) {
  const std::string body = "\x03\x03"s + std::string(32, 'r') + sized(1, "session") +
                           sized(2, "\x13\x01\x13\x02") + sized(1, "\0"s) + rest;
  return "\x01"s + sized(3, body);
}
std::string hello(const std::string& extensions) { return message(sized(2, extensions)); }

// In records of `each` bytes.
std::string records(const std::string& text, std::size_t each = 16 * 1024) {
  std::string wire;
  for (std::size_t at = 0; at < text.size(); at += each) {
    wire += "\x16\x03\x01"s + sized(2, text.substr(at, each));
  }
  return wire;
}

const std::string kUsual = hello(extension(10, "groups") + serverName("DB.Example.com") +
                                 alpn("\x02h2\x03"
                                      "foo"));

HelloRead helloRead(const std::string& wire) {
  ClientHello read;
  return readClientHello(asBytes(wire), read);
}
HelloRead outcomeOfHello(const std::string& extensions) {
  return helloRead(records(hello(extensions)));
}
ClientHello helloIn(const std::string& wire) {
  ClientHello read;
  EXPECT_EQ(readClientHello(asBytes(wire), read), HelloRead::kComplete);
  return read;
}

TEST(ClientHello, SaysWhatIsAskedFor) {
  const ClientHello read = helloIn(records(kUsual) + "what follows");
  EXPECT_EQ(read.server_name, "db.example.com");
  EXPECT_TRUE(read.offers("h2"));
  EXPECT_TRUE(read.offers("foo"));
  EXPECT_FALSE(read.offers("fo"));
  EXPECT_FALSE(read.offers("h2\x03"));
  EXPECT_EQ(read.soleProtocol(), "");
}

TEST(ClientHello, NeedNotAskForAnything) {
  const ClientHello read = helloIn(records(hello("")));
  EXPECT_EQ(read.server_name, "");
  EXPECT_FALSE(read.offers(""));
  EXPECT_EQ(helloIn(records(message(""))).protocols, "");  // without extensions
  EXPECT_EQ(helloIn(records(hello(alpn("\x02h2")))).soleProtocol(), "h2");
  EXPECT_EQ(helloIn(records(hello(serverName("db.test.")))).server_name, "db.test");
}

TEST(ClientHello, ComesInPieces) {
  const std::string wire = records(kUsual);
  for (std::size_t size = 0; size < wire.size(); ++size) {
    EXPECT_EQ(helloRead(wire.substr(0, size)), HelloRead::kMore) << size;
  }
}

TEST(ClientHello, ComesInAnyRecords) {
  for (std::size_t each = 1; each <= kUsual.size(); ++each) {
    const std::string wire = records(kUsual, each);
    EXPECT_EQ(helloIn(wire).server_name, "db.example.com") << each;
    for (std::size_t size = 0; size < wire.size(); ++size) {
      ASSERT_EQ(helloRead(wire.substr(0, size)), HelloRead::kMore) << each << " " << size;
    }
  }
}

TEST(ClientHello, OtherBytesAreNoTls) {
  for (const std::string& text : {"GET / HTTP/1.1"s, "\x15\x03\x03"s, "\0"s, "\x16\x02\x00"s,
                                  "\x80\x2e\x01\x03\x01"s, "PROXY "s}) {
    EXPECT_EQ(helloRead(text), HelloRead::kNotTls) << text;
  }
  EXPECT_EQ(helloRead(""), HelloRead::kMore);
}

TEST(ClientHello, LengthsAreHeldAgainstEachOther) {
  const std::string wire = records(kUsual);
  for (std::size_t at = 3; at < wire.size(); ++at) {
    for (const int change : {1, -1, 127}) {
      std::string other = wire;
      other[at] = static_cast<char>(other[at] + change);
      // Never more than the available bytes, whatever the length fields state; sanitizers check it.
      ClientHello read;
      readClientHello(asBytes(other), read);
    }
  }
}

TEST(ClientHello, BrokenOnesAreToldApart) {
  EXPECT_EQ(helloRead(records("\x02"s + sized(3, "server hello"))), HelloRead::kBroken);
  EXPECT_EQ(helloRead("\x16\x03\x01\x00\x00"s), HelloRead::kBroken);  // an empty record
  EXPECT_EQ(helloRead("\x16\x03\x01\x40\x01"s), HelloRead::kBroken);  // a record that is too long
  EXPECT_EQ(helloRead(records(message("x"))), HelloRead::kBroken);
  EXPECT_EQ(helloRead(records(message(sized(2, "") + "x"))), HelloRead::kBroken);
  EXPECT_EQ(helloRead(records("\x01"s + sized(3, "short"))), HelloRead::kBroken);
  EXPECT_EQ(outcomeOfHello("x"), HelloRead::kBroken);
  EXPECT_EQ(outcomeOfHello(number(10, 2) + number(5, 2) + "four"), HelloRead::kBroken);
  const std::string half = records(kUsual.substr(0, 20));
  EXPECT_EQ(helloRead(half + "\x17\x03\x03\x00\x01x"s), HelloRead::kBroken);
}

TEST(ClientHello, NamesAreStrict) {
  for (const std::string& name :
       {""s, "."s, "a b"s, "a\0b"s, "caf\xC3\xA9.test"s, std::string(256, 'a'), "a/b"s}) {
    EXPECT_EQ(outcomeOfHello(serverName(name)), HelloRead::kBroken) << name;
  }
  EXPECT_EQ(outcomeOfHello(serverName("a.test") + serverName("b.test")), HelloRead::kBroken);
  EXPECT_EQ(outcomeOfHello(extension(0, "")), HelloRead::kBroken);
  EXPECT_EQ(outcomeOfHello(extension(0, sized(2, "\1"s + sized(2, "a.test")))), HelloRead::kBroken);
  const std::string two = "\0"s + sized(2, "a.test") + "\0"s + sized(2, "b.test");
  EXPECT_EQ(outcomeOfHello(extension(0, sized(2, two))), HelloRead::kBroken);
  EXPECT_EQ(outcomeOfHello(serverName(std::string(255, 'a'))), HelloRead::kComplete);
}

TEST(ClientHello, ProtocolsAreStrict) {
  EXPECT_EQ(outcomeOfHello(alpn("")), HelloRead::kBroken);
  EXPECT_EQ(outcomeOfHello(alpn("\0"s)), HelloRead::kBroken);
  EXPECT_EQ(outcomeOfHello(alpn("\x03h2")), HelloRead::kBroken);
  EXPECT_EQ(outcomeOfHello(alpn("\x02h2") + alpn("\x02h2")), HelloRead::kBroken);
  EXPECT_EQ(outcomeOfHello(extension(16, sized(2, "\x02h2") + "x")), HelloRead::kBroken);
}

TEST(ClientHello, IsBounded) {
  const std::string large = hello(extension(21, std::string(15 * 1024, '\0')));
  EXPECT_EQ(helloRead(records(large)), HelloRead::kComplete);
  const std::string huge = hello(extension(21, std::string(16 * 1024, '\0')));
  EXPECT_EQ(helloRead(records(huge)), HelloRead::kBroken);
  EXPECT_EQ(helloRead(records("\x01\xFF\xFF\xFF")), HelloRead::kBroken);
  // Small enough, but in too many records.
  const std::string scattered = records(hello(extension(21, std::string(4 * 1024, '\0'))), 1);
  EXPECT_EQ(helloRead(scattered.substr(0, ClientHello::kMaxBytes - 1)), HelloRead::kMore);
  EXPECT_EQ(helloRead(scattered.substr(0, ClientHello::kMaxBytes)), HelloRead::kBroken);
}

}  // namespace
}  // namespace weir::net
