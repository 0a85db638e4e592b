#include <string>

#include "tests/conformance/h1_request_cases.h"

// Trailers of chunked bodies: forwarded, except fields for framing, routing or authorization.
namespace weir::conformance {
namespace {

using enum Expect;
using enum Framing;
using namespace std::string_view_literals;

const std::string kTooLong =
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-A: " +
    std::string(70'000, 'v') + "\r\n\r\n";
const std::string kNameTooLong =
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n" +
    std::string(70'000, 'n') + ": 1\r\n\r\n";
const std::string kTooMany = [] {
  std::string text =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n";
  for (int i = 0; i < 300; ++i) text += "X-A: 1\r\n";
  return text + "\r\n";
}();

const std::vector<Forwarded> kNoTrailers = {{.method = "POST", .framing = kChunked, .body = "hi"}};

const std::vector<RequestCase> kCases = {
    {"a trailer is forwarded",
     "RFC 9112 7.1.2",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
     "2\r\nhi\r\n0\r\nX-Sum: 12\r\n\r\n"sv,
     kAccept,
     200,
     {{.method = "POST",
       .headers = {{"Trailer", "X-Sum"}},
       .framing = kChunked,
       .body = "hi",
       .trailers = {{"X-Sum", "12"}}}}},
    {"a trailer that nobody announced is forwarded",
     "RFC 9110 6.6.2",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\nhi\r\n0\r\nX-A: 1\r\n\r\n"sv,
     kAccept,
     200,
     {{.method = "POST", .framing = kChunked, .body = "hi", .trailers = {{"X-A", "1"}}}}},
    {"several trailers are forwarded in order",
     "RFC 9110 5.3",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "0\r\nX-B: 1\r\nX-A:  2 \r\nX-B:\r\n\r\n"sv,
     kAccept,
     200,
     {{.method = "POST",
       .framing = kChunked,
       .trailers = {{"X-B", "1"}, {"X-A", "2"}, {"X-B", ""}}}}},
    {"trailers do not join the headers",
     "RFC 9110 6.5.1",
     "POST / HTTP/1.1\r\nHost: a\r\nX-A: head\r\nTransfer-Encoding: chunked\r\n\r\n"
     "0\r\nX-A: tail\r\n\r\n"sv,
     kAccept,
     200,
     {{.method = "POST",
       .headers = {{"X-A", "head"}},
       .framing = kChunked,
       .trailers = {{"X-A", "tail"}}}}},
    {"an authorisation in the trailers goes no further", "RFC 9110 6.5.1",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\nhi\r\n0\r\nAuthorization: Basic eA==\r\n\r\n"sv,
     kAccept, 200, kNoTrailers},
    {"a cookie in the trailers goes no further", "RFC 9110 6.5.1",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\nhi\r\n0\r\nCookie: a=b\r\n\r\n"sv,
     kAccept, 200, kNoTrailers},
    {"a client's address in the trailers goes no further", "RFC 9110 6.5.1",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\nhi\r\n0\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n"sv,
     kAccept, 200, kNoTrailers},
    {"an identity in the trailers goes no further", "RFC 9110 6.5.1",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\nhi\r\n0\r\nX-Weir-Identity: spiffe://x/admin\r\n\r\n"sv,
     kAccept, 200, kNoTrailers},
    {"a Host in the trailers goes no further", "RFC 9110 6.5.1",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\nhi\r\n0\r\nHost: b\r\n\r\n"sv,
     kAccept, 200, kNoTrailers},
    {"a Connection in the trailers neither goes further nor ends the connection", "RFC 9110 6.5.1",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\nhi\r\n0\r\nConnection: close\r\n\r\n"sv,
     kAccept, 200, kNoTrailers},
    {"a content type in the trailers goes no further", "RFC 9110 6.5.1",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\nhi\r\n0\r\nContent-Type: text/html\r\n\r\n"sv,
     kAccept, 200, kNoTrailers},
    {"trailers that have not ended are waited for", "RFC 9112 7.1.2",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\nhi\r\n0\r\nX-A: 1\r\n"sv,
     kIncomplete, 0, kNoTrailers},

    {"a length in the trailers is refused", "RFC 9110 6.5.1",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\nhi\r\n0\r\nContent-Length: 5\r\n\r\n"sv,
     kCutShort, 400, kNoTrailers},
    {"a coding in the trailers is refused", "RFC 9110 6.5.1",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\nhi\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"sv,
     kCutShort, 400, kNoTrailers},
    {"a space before the colon of a trailer is refused", "RFC 9112 5.1",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\nhi\r\n0\r\nX-A : 1\r\n\r\n"sv,
     kCutShort, 400, kNoTrailers},
    {"a folded trailer is refused", "RFC 9112 5.2",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\nhi\r\n0\r\nX-A: 1\r\n 2\r\n\r\n"sv,
     kCutShort, 400, kNoTrailers},
    {"a space before the name of a trailer is refused", "RFC 9112 5.2",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\nhi\r\n0\r\n X-A: 1\r\n\r\n"sv,
     kCutShort, 400, kNoTrailers},
    {"a bare LF behind a trailer is refused", "RFC 9112 2.2",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\nhi\r\n0\r\nX-A: 1\n\r\n"sv,
     kCutShort, 400, kNoTrailers},
    {"a bare CR behind a trailer is refused", "RFC 9112 2.2",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\nhi\r\n0\r\nX-A: 1\rX-B: 2\r\n\r\n"sv,
     kCutShort, 400, kNoTrailers},
    {"a NUL in a trailer is refused", "RFC 9110 5.5",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\nhi\r\n0\r\nX-A: 1\0002\r\n\r\n"sv,
     kCutShort, 400, kNoTrailers},
    {"a trailer without a name is refused", "RFC 9110 5.1",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\nhi\r\n0\r\n: 1\r\n\r\n"sv,
     kCutShort, 400, kNoTrailers},
    {"a trailer without a colon is refused", "CVE-2025-53643 (aiohttp): trailer sections",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\nhi\r\n0\r\nX-A\r\n\r\n"sv,
     kCutShort, 400, kNoTrailers},
    {"a request line in place of a trailer is refused", "CVE-2025-53643 (aiohttp)",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\nhi\r\n0\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n"sv,
     kCutShort, 400, kNoTrailers},
    {"trailers that end with CR and a letter are refused", "HTTP Garden server bug 30 (Node.js)",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\nhi\r\n0\r\nX-A: 1\r\n\rX"sv,
     kCutShort, 400, kNoTrailers},
    {"a trailer that is too long is refused", "RFC 6585 5", kTooLong, kCutShort, 431, kNoTrailers},
    {"a name of a trailer that is too long is refused", "RFC 6585 5", kNameTooLong, kCutShort, 431,
     kNoTrailers},
    {"too many trailers are refused", "RFC 6585 5", kTooMany, kCutShort, 431, kNoTrailers},
};

}  // namespace

const std::vector<RequestCase>& requestTrailerCases() { return kCases; }

}  // namespace weir::conformance
