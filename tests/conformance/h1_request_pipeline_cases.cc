#include <string>

#include "tests/conformance/h1_request_cases.h"

// Several requests on one connection: answered in order, up to the first invalid one.
namespace weir::conformance {
namespace {

using enum Expect;
using enum Framing;
using namespace std::string_view_literals;

constexpr int kMany = 50;

const std::string kManyRequests = [] {
  std::string text;
  for (int i = 0; i < kMany; ++i) text += "GET /n HTTP/1.1\r\nHost: a\r\n\r\n";
  return text;
}();
const std::string kLongBody(20'000, 'b');
const std::string kBehindLongBody = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n" +
                                    kLongBody + "GET /b HTTP/1.1\r\nHost: a\r\n\r\n";

const std::vector<RequestCase> kCases = {
    {"two requests are answered in order",
     "RFC 9112 9.3.2",
     "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: b\r\n\r\n"sv,
     kAccept,
     200,
     {{.target = "/1"}, {.target = "/2", .authority = "b"}}},
    {"fifty requests at once are answered", "RFC 9112 9.3.2", kManyRequests, kAccept, 200,
     std::vector<Forwarded>(kMany, Forwarded{.target = "/n"})},
    {"requests with and without bodies take turns",
     "RFC 9112 9.3.2",
     "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
     "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
     "PUT /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nho\r\n0\r\n\r\n"
     "HEAD /4 HTTP/1.1\r\nHost: a\r\n\r\n"
     "DELETE /5 HTTP/1.1\r\nHost: a\r\n\r\n"sv,
     kAccept,
     200,
     {{.method = "POST", .target = "/1", .framing = kLength, .body = "hi"},
      {.target = "/2"},
      {.method = "PUT", .target = "/3", .framing = kChunked, .body = "ho"},
      {.method = "HEAD", .target = "/4"},
      {.method = "DELETE", .target = "/5"}}},
    {"a request behind a long body is answered",
     "RFC 9112 9.3.2",
     kBehindLongBody,
     kAccept,
     200,
     {{.method = "POST", .framing = kLength, .body = kLongBody}, {.target = "/b"}}},
    {"a request behind trailers is answered",
     "RFC 9112 7.1.2",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-A: 1\r\n\r\n"
     "GET /b HTTP/1.1\r\nHost: a\r\n\r\n"sv,
     kAccept,
     200,
     {{.method = "POST", .framing = kChunked, .trailers = {{"X-A", "1"}}}, {.target = "/b"}}},
    {"a request behind a body of length zero is answered",
     "HTTP Garden server bug 48 (Puma)",
     "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"sv,
     kAccept,
     200,
     {{.method = "POST", .target = "/1", .framing = kLength}, {.target = "/2"}}},
    {"an empty line between requests is skipped",
     "RFC 9112 2.2",
     "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi\r\n"
     "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"sv,
     kAccept,
     200,
     {{.method = "POST", .target = "/1", .framing = kLength, .body = "hi"}, {.target = "/2"}}},
    {"an empty line behind the last request waits for another",
     "RFC 9112 2.2",
     "GET / HTTP/1.1\r\nHost: a\r\n\r\n\r\n"sv,
     kAccept,
     200,
     {{}}},
    {"HTTP/1.0 that keeps the connection may send another request",
     "RFC 9112 9.3",
     "GET /1 HTTP/1.0\r\nConnection: keep-alive\r\nHost: a\r\n\r\n"
     "GET /2 HTTP/1.0\r\nHost: a\r\n\r\n"sv,
     kAccept,
     200,
     {{.target = "/1"}, {.target = "/2"}},
     Level::kCodec,
     true},
    {"fields of one request do not reach the next",
     "RFC 9112 9.3.2",
     "GET /1 HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nExpect: 100-continue\r\nTE: trailers\r\n"
     "Upgrade: websocket\r\nConnection: upgrade\r\n\r\nGET /2 HTTP/1.1\r\nHost: b\r\n\r\n"sv,
     kAccept,
     200,
     {{.target = "/1", .headers = {{"X-A", "1"}}, .expects_continue = true, .upgrade = "websocket"},
      {.target = "/2", .authority = "b"}}},

    // Nothing is read after the last request of a connection.
    {"bytes behind a request that closes are not read",
     "RFC 9112 9.6",
     "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
     "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"sv,
     kAccept,
     200,
     {{.target = "/1"}},
     Level::kCodec,
     true},
    {"bad bytes behind a request that closes are not read",
     "HTTP Garden server bug 45 (Mongoose)",
     "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nInvalid\r\n\r\n"sv,
     kAccept,
     200,
     {{.target = "/1"}},
     Level::kCodec,
     true},
    {"bytes behind a body of a request that closes are not read",
     "RFC 9112 9.6",
     "POST /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"
     "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"sv,
     kAccept,
     200,
     {{.method = "POST", .target = "/1", .framing = kLength, .body = "hi"}},
     Level::kCodec,
     true},
    {"bytes behind a chunked body of a request that closes are not read",
     "RFC 9112 9.6",
     "POST /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
     "0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"sv,
     kAccept,
     200,
     {{.method = "POST", .target = "/1", .framing = kChunked}},
     Level::kCodec,
     true},
    {"bytes behind a request of HTTP/1.0 are not read",
     "RFC 9112 9.3",
     "GET /1 HTTP/1.0\r\nHost: a\r\n\r\nGET /2 HTTP/1.0\r\nHost: a\r\n\r\n"sv,
     kAccept,
     200,
     {{.target = "/1"}},
     Level::kCodec,
     true},

    // The valid ones are answered, then the invalid one is refused.
    {"a request line that is bad ends a pipeline",
     "RFC 9112 9.3.2",
     "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2\r\n\r\n"sv,
     kReject,
     400,
     {{.target = "/1"}}},
    {"a missing Host ends a pipeline",
     "RFC 9112 3.2",
     "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"sv,
     kReject,
     400,
     {{.target = "/1"}}},
    {"a length with a coding ends a pipeline",
     "RFC 9112 6.1",
     "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
     "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv,
     kReject,
     400,
     {{.target = "/1"}}},
    {"an unknown method is one request of a pipeline",
     "RFC 9110 9.1",
     "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nFOO /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\n"
     "Host: a\r\n\r\n"sv,
     kAccept,
     200,
     {{.target = "/1"}, {.method = "FOO", .target = "/2"}, {.target = "/3"}}},
    {"an unknown version ends a pipeline",
     "RFC 9110 15.6.6",
     "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/3.0\r\nHost: a\r\n\r\n"sv,
     kReject,
     505,
     {{.target = "/1"}}},
    {"an unknown expectation ends a pipeline",
     "RFC 9110 10.1.1",
     "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nExpect: x\r\n"
     "Content-Length: 0\r\n\r\n"sv,
     kReject,
     417,
     {{.target = "/1"}}},
    {"one byte more than the length says begins the next request",
     "RFC 9112 6.3",
     "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello!GET /2 HTTP/1.1\r\nHost: a\r\n"
     "\r\n"sv,
     kAccept,
     200,
     {{.method = "POST", .target = "/1", .framing = kLength, .body = "hello"},
      {.method = "!GET", .target = "/2"}}},
    {"a body longer than its length is read as a bad request",
     "RFC 9112 6.3",
     "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello, world\r\n\r\n"sv,
     kReject,
     400,
     {{.method = "POST", .target = "/1", .framing = kLength, .body = "hello"}}},
    {"a body shorter than its length takes from the next request",
     "RFC 9112 6.3",
     "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhelloGET /2 HTTP/1.1\r\nHost: a\r\n"
     "\r\n"sv,
     kReject,
     400,
     {{.method = "POST", .target = "/1", .framing = kLength, .body = "helloGET "}}},
    {"a body that nobody announced is read as a bad request",
     "RFC 9112 6.3",
     "POST /1 HTTP/1.1\r\nHost: a\r\n\r\n{\"a\":1}"sv,
     kReject,
     400,
     {{.method = "POST", .target = "/1"}}},
    {"a broken chunk ends a pipeline",
     "RFC 9112 7.1",
     "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
     "chunked\r\n"
     "\r\nxyz\r\n"sv,
     kCutShort,
     400,
     {{.target = "/1"}, {.method = "POST", .target = "/2", .framing = kChunked}}},
    {"nothing is read behind a bad request", "CVE-2022-22720 (Apache)",
     "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"sv, kReject, 400},
    {"nothing is read behind the body of a bad request", "CVE-2022-22720 (Apache)",
     "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello"
     "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"sv,
     kReject, 400},

    // The second request is incomplete.
    {"half of a second request is waited for",
     "RFC 9112 9.3.2",
     "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HT"sv,
     kIncomplete,
     200,
     {{.target = "/1"}}},
    {"half of a second body is waited for",
     "RFC 9112 9.3.2",
     "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\n"
     "Host: a\r\nContent-Length: 9\r\n\r\nhell"sv,
     kIncomplete,
     0,
     {{.target = "/1"}, {.method = "POST", .target = "/2", .framing = kLength, .body = "hell"}}},
};

}  // namespace

const std::vector<RequestCase>& requestPipelineCases() { return kCases; }

}  // namespace weir::conformance
