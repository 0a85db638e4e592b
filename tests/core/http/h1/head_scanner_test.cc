#include "core/http/h1/head_scanner.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace weir::http::h1 {
namespace {

struct Scanned {
  std::string_view target;
  std::vector<std::pair<std::string_view, std::string_view>> fields;
  std::size_t size = 0;
};

class HeadScannerTest : public testing::Test {
 protected:
  std::optional<Scanned> scanRequest(std::string_view head) {
    Scanned scanned;
    HeadScanner scanner(padded(head));
    if (!scanner.takeRequestLine(request, scanned.target)) return std::nullopt;
    return scanFields(scanner, scanned);
  }
  std::optional<Scanned> scanResponse(std::string_view head) {
    HeadScanner scanner(padded(head));
    if (!scanner.takeStatusLine(response)) return std::nullopt;
    return scanFields(scanner, {});
  }

  BlockPool blocks{4096};
  Arena arena{blocks};
  Request request{arena};
  Response response{arena};

 private:
  const char* padded(std::string_view head) {
    text_ = head;
    text_.append(HeadScanner::kPadding, '\0');
    return text_.data();
  }
  std::optional<Scanned> scanFields(HeadScanner& scanner, Scanned scanned) const {
    std::string_view name;
    std::string_view value;
    while (scanner.takeField(name, value)) scanned.fields.emplace_back(name, value);
    if (!scanner.takeEmptyLine()) return std::nullopt;
    scanned.size = static_cast<std::size_t>(scanner.at() - text_.data());
    return scanned;
  }

  std::string text_;
};

constexpr std::string_view kBrowser =
    "GET /a/b?c=d HTTP/1.1\r\nHost: www.example.com\r\nAccept:text/html, */*;q=0.8\r\n"
    "X-Empty:\r\nX-Blank: \r\nX-Words: in more than 16 bytes\r\n\r\n";

TEST_F(HeadScannerTest, ReadsAHeadAndStopsBehindIt) {
  const auto scanned = scanRequest(std::string(kBrowser) + "body");
  ASSERT_TRUE(scanned);
  EXPECT_EQ(request.method, Method::kGet);
  EXPECT_EQ(request.method_text, "GET");
  EXPECT_EQ(request.version, Version::kHttp11);
  EXPECT_EQ(scanned->target, "/a/b?c=d");
  EXPECT_EQ(scanned->size, kBrowser.size());
  const decltype(scanned->fields) expected = {{"Host", "www.example.com"},
                                              {"Accept", "text/html, */*;q=0.8"},
                                              {"X-Empty", ""},
                                              {"X-Blank", ""},
                                              {"X-Words", "in more than 16 bytes"}};
  EXPECT_EQ(scanned->fields, expected);
}

TEST_F(HeadScannerTest, KnowsTheCommonMethods) {
  const std::pair<std::string_view, Method> methods[] = {
      {"GET", Method::kGet},         {"HEAD", Method::kHead},     {"POST", Method::kPost},
      {"PUT", Method::kPut},         {"DELETE", Method::kDelete}, {"PATCH", Method::kPatch},
      {"OPTIONS", Method::kOptions},
  };
  for (const auto& [text, method] : methods) {
    EXPECT_TRUE(scanRequest(std::string(text) + " / HTTP/1.0\r\n\r\n")) << text;
    EXPECT_EQ(request.method, method) << text;
    EXPECT_EQ(request.method_text, text);
    EXPECT_EQ(request.version, Version::kHttp10);
  }
}

TEST_F(HeadScannerTest, ReadsAStatusLine) {
  ASSERT_TRUE(scanResponse("HTTP/1.1 404 Not Found\r\nServer: a\r\n\r\n"));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.version, Version::kHttp11);
  ASSERT_TRUE(scanResponse("HTTP/1.0 200 \r\n\r\n"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.version, Version::kHttp10);
}

TEST_F(HeadScannerTest, LeavesAPartOfAHead) {
  for (std::size_t size = 0; size < kBrowser.size(); ++size) {
    EXPECT_FALSE(scanRequest(kBrowser.substr(0, size))) << size;
  }
  constexpr std::string_view kResponse = "HTTP/1.1 200 OK\r\nServer: a\r\n\r\n";
  for (std::size_t size = 0; size < kResponse.size(); ++size) {
    EXPECT_FALSE(scanResponse(kResponse.substr(0, size))) << size;
  }
}

TEST_F(HeadScannerTest, LeavesEveryRequestWrittenInAnotherWay) {
  for (const std::string_view head : {
           "GET  / HTTP/1.1\r\n\r\n",
           "GET /  HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.1 \r\n\r\n",
           "GET / HTTP/1.2\r\n\r\n",
           "GET / HTTP/2.0\r\n\r\n",
           "GET / http/1.1\r\n\r\n",
           "GET /\r\n\r\n",
           "get / HTTP/1.1\r\n\r\n",
           "\r\nGET / HTTP/1.1\r\n\r\n",
           "CONNECT a:80 HTTP/1.1\r\n\r\n",
           "TRACE / HTTP/1.1\r\n\r\n",
           "GET * HTTP/1.1\r\n\r\n",
           "GET http://a/ HTTP/1.1\r\n\r\n",
           "GET /a#b HTTP/1.1\r\n\r\n",
           "GET /\xC3\xA4 HTTP/1.1\r\n\r\n",
           "GET /\x7f HTTP/1.1\r\n\r\n",
           "GET /\ta HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.1\n\n",
           "GET / HTTP/1.1\r\n\n",
           "GET / HTTP/1.1\r\r\n\r\n",
           "GET / HTTP/1.1\r\n\r\r\n",
           "GET / HTTP/1.1\r\nA: b\n\r\n",
           "GET / HTTP/1.1\r\nA: b\r\r\n\r\n",
           "GET / HTTP/1.1\r\nA : b\r\n\r\n",
           "GET / HTTP/1.1\r\n: b\r\n\r\n",
           "GET / HTTP/1.1\r\nA\r\n\r\n",
           "GET / HTTP/1.1\r\n A: b\r\n\r\n",
           "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
           "GET / HTTP/1.1\r\nA: b\r\n\tc\r\n\r\n",
           "GET / HTTP/1.1\r\nA:  b\r\n\r\n",
           "GET / HTTP/1.1\r\nA: b \r\n\r\n",
           "GET / HTTP/1.1\r\nA:\tb\r\n\r\n",
           "GET / HTTP/1.1\r\nA: b\tc\r\n\r\n",
           "GET / HTTP/1.1\r\nA: b\x01\r\n\r\n",
           "GET / HTTP/1.1\r\nA: b\x7f\r\n\r\n",
           "GET / HTTP/1.1\r\nA_B: c\r\n\r\n",
       }) {
    EXPECT_FALSE(scanRequest(head)) << head;
  }
}

TEST_F(HeadScannerTest, LeavesEveryResponseWrittenInAnotherWay) {
  for (const std::string_view head : {
           "HTTP/1.1 200\r\n\r\n",
           "HTTP/1.1  200 OK\r\n\r\n",
           "HTTP/1.1 20 OK\r\n\r\n",
           "HTTP/1.1 2000 OK\r\n\r\n",
           "HTTP/1.1 099 OK\r\n\r\n",
           "HTTP/1.1 600 OK\r\n\r\n",
           "HTTP/1.1 2x0 OK\r\n\r\n",
           "HTTP/1.2 200 OK\r\n\r\n",
           "HTTP/2 200 OK\r\n\r\n",
           "ICY 200 OK\r\n\r\n",
           "\r\nHTTP/1.1 200 OK\r\n\r\n",
           "HTTP/1.1 200 OK\n\r\n",
           "HTTP/1.1 200 O\x01K\r\n\r\n",
           "HTTP/1.1 200 O\tK\r\n\r\n",
       }) {
    EXPECT_FALSE(scanResponse(head)) << head;
  }
}

}  // namespace
}  // namespace weir::http::h1
