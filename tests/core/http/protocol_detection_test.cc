#include "core/http/protocol_detection.h"

#include <string>

#include <gtest/gtest.h>

namespace weir::http {
namespace {

using namespace std::string_literals;

ProtocolGuess guess(std::string_view text) { return guessProtocol(asBytes(text)); }

// Every prefix is too short for a decision; the complete text is HTTP.
void expectHttp(const std::string& text) {
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(guess(text.substr(0, size)), ProtocolGuess::kMore) << text.substr(0, size);
  }
  EXPECT_EQ(guess(text), ProtocolGuess::kHttp) << text;
  EXPECT_EQ(guess(text + "\r\nwhat follows"), ProtocolGuess::kHttp) << text;
}

TEST(ProtocolGuess, KnowsRequestLines) {
  expectHttp("GET / HTTP/1.");
  expectHttp("PROPFIND http://a/b?c HTTP/1.");
  expectHttp("OPTIONS * HTTP/1.");
  expectHttp("CONNECT a:443 HTTP/1.");
}

TEST(ProtocolGuess, KnowsThePrefaceOfHttp2) { expectHttp("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"); }

TEST(ProtocolGuess, TheRestIsSomethingElse) {
  for (const std::string& text :
       {"\0"s, "\x16\x03\x01"s, " GET"s, "PING\r\n"s, "SET a b\r\n"s, "*1\r\n$4\r\nPING\r\n"s,
        "EHLO host\r\n"s, "GET / HTTP/3"s, "GET  "s, "GET /\r\n"s, "PRI * HTTP/2.0\r\n\r\nSN"s,
        "SSH-2.0-x y\r"s, "AVERYLONGMETHODTHATNOBODYKNOWS"s}) {
    EXPECT_EQ(guess(text), ProtocolGuess::kOther) << text;
  }
}

TEST(ProtocolGuess, AnEndlessLineIsHttps) {
  const std::string line = "GET /" + std::string(8 * 1024, 'a');
  EXPECT_EQ(guess(line.substr(0, 8 * 1024 - 1)), ProtocolGuess::kMore);
  EXPECT_EQ(guess(line), ProtocolGuess::kHttp);
}

}  // namespace
}  // namespace weir::http
