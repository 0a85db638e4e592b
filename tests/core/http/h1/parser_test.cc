#include "core/http/h1/parser.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/parser_comparison.h"

// HeadScanner and llhttp must read every message in the same way. The conformance cases tell which
// way that is.
namespace weir::http::h1 {
namespace {

using test::ParserComparison;

constexpr std::string_view kRequests[] = {
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /a?b HTTP/1.0\r\nContent-Length: 2\r\n\r\nxyz",
    "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA: b\r\n\r\n",
    "POST / HTTP/1.1\r\nHost:a\r\nExpect: 100-continue\r\nTE: trailers\r\nContent-Length:1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade, close\r\nUpgrade: b\r\nC: d\r\n\r\n",
};

constexpr std::string_view kResponses[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
    "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nA: b\r\n\r\nx",
    "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA: b\r\n\r\n",
    "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: b\r\n\r\nx",
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nConnection: close\r\n\r\n",
};

// Every text that differs from `text` in one byte: replaced, inserted or removed.
template <typename Visit>
void forEachNeighbor(std::string_view text, Visit visit) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string changed(text);
    changed.erase(at, 1);
    visit(changed);
    for (int byte = 0; byte < 256; ++byte) {
      changed.assign(text);
      changed[at] = static_cast<char>(byte);
      visit(changed);
      changed.assign(text);
      changed.insert(at, 1, static_cast<char>(byte));
      visit(changed);
    }
  }
}

TEST(Parser, BothReadersAgreeOnEveryRequestThatDiffersInOneByte) {
  ParserComparison readers;
  for (const std::string_view text : kRequests) {
    forEachNeighbor(text, [&](std::string_view changed) {
      ASSERT_EQ(readers.differenceOfRequest(changed), "") << testing::PrintToString(changed);
    });
  }
}

TEST(Parser, BothReadersAgreeOnEveryResponseThatDiffersInOneByte) {
  ParserComparison readers;
  for (const std::string_view text : kResponses) {
    forEachNeighbor(text, [&](std::string_view changed) {
      ASSERT_EQ(readers.differenceOfResponse(changed), "") << testing::PrintToString(changed);
    });
  }
}

// Fields that concern the framing, each behind each other one.
TEST(Parser, BothReadersAgreeOnEveryPairOfFramingFields) {
  const std::vector<std::string> fields = {
      "Host: a",
      "Host: b",
      "Host:",
      "Content-Length: 0",
      "Content-Length: 1",
      "Content-Length: +1",
      "Content-Length:",
      "Content-Length: 18446744073709551616",
      "content-length: 1",
      "Content-Length: 1, 1",
      "Content-Length: 1 ",
      "Transfer-Encoding: chunked",
      "Transfer-Encoding: Chunked",
      "Transfer-Encoding: gzip, chunked",
      "Transfer-Encoding: chunked, chunked",
      "Transfer-Encoding: identity",
      "Transfer-Encoding: chunked\t",
      "Transfer-Encoding:",
      "Transfer-Encoding : chunked",
      "Transfer-Encoding\x0b: chunked",
      "transfer-encoding:chunked",
      "Connection: close",
      "Connection: keep-alive",
      "Connection: upgrade",
      "Connection: x, close",
      "Upgrade: websocket",
      "Upgrade: h2c, x",
      "Expect: 100-continue",
      "Expect: x",
      "TE: trailers",
      "Keep-Alive: x",
      "Proxy-Connection: close",
      "HTTP2-Settings: x",
      "X: y",
  };
  ParserComparison readers;
  for (const std::string& first : fields) {
    for (const std::string& second : fields) {
      const std::string both = first + "\r\n" + second + "\r\n\r\n1\r\nx\r\n0\r\n\r\n";
      for (const std::string_view version : {"HTTP/1.1", "HTTP/1.0"}) {
        const std::string line = "POST / " + std::string(version) + "\r\n";
        ASSERT_EQ(readers.differenceOfRequest(line + both), "") << both;
        ASSERT_EQ(readers.differenceOfRequest(line + "Host: a\r\n" + both), "") << both;
        ASSERT_EQ(readers.differenceOfResponse(std::string(version) + " 200 OK\r\n" + both), "")
            << both;
      }
    }
  }
}

TEST(Parser, BothReadersAgreeAtEveryLimit) {
  const std::string_view text = "GET /123456 HTTP/1.1\r\nHost: a\r\nA: b\r\nC: d\r\n\r\n";
  const auto size = static_cast<std::uint32_t>(text.size());
  for (const std::uint32_t head : {size - 1, size, size + 1}) {
    for (const std::uint32_t target : {6U, 7U, 8U}) {
      for (const std::uint32_t headers : {2U, 3U, 4U}) {
        ParserComparison readers({.head_bytes = head, .target_bytes = target, .headers = headers});
        EXPECT_EQ(readers.differenceOfRequest(text), "");
      }
    }
  }
}

TEST(Parser, NothingIsKnownOfAHeadThatIsNotComplete) {
  BlockPool blocks(4096);
  Arena arena(blocks);
  const Limits limits;
  Request request(arena);
  Bytes bytes = asBytes("POST /a HTTP/1.0\r\nA: b\r\n");
  EXPECT_EQ(Parser::forRequest(arena, request, limits)->next(bytes), Parser::Event::kNeedMore);
  EXPECT_EQ(request.method_text, "");
  EXPECT_EQ(request.version, Version::kHttp11);
  Response response(arena);
  bytes = asBytes("HTTP/1.0 204 None\r\nA: b\r\n");
  auto* const parser = Parser::forResponse(arena, response, Method::kGet, limits);
  EXPECT_EQ(parser->next(bytes), Parser::Event::kNeedMore);
  EXPECT_EQ(response.status, 0);
  EXPECT_EQ(response.version, Version::kHttp11);
}

TEST(Parser, BothReadersAgreeForEveryMethodThatWasAsked) {
  ParserComparison readers;
  for (const Method asked : {Method::kGet, Method::kHead, Method::kConnect, Method::kPost}) {
    for (const std::string_view text : kResponses) {
      EXPECT_EQ(readers.differenceOfResponse(text, asked), "");
    }
  }
}

}  // namespace
}  // namespace weir::http::h1
