#include "tests/conformance/h1_request_cases.h"

// Published attacks with their payloads: one request inside another.
namespace weir::conformance {
namespace {

using enum Expect;
using enum Framing;
using namespace std::string_view_literals;

const std::vector<RequestCase> kCases = {
    // Refused at the head: the smuggled bytes after it are never parsed.
    {"the classic of length and coding smuggles nothing",
     "Kettle, HTTP desync attacks (2019): CL.TE",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 13\r\nTransfer-Encoding: chunked\r\n\r\n"
     "0\r\n\r\nSMUGGLED"sv,
     kReject, 400},
    {"the classic of coding and length smuggles nothing",
     "Kettle, HTTP desync attacks (2019): TE.CL",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
     "8\r\nSMUGGLED\r\n0\r\n\r\n"sv,
     kReject, 400},
    {"the timing probe for CL.TE is answered at once", "Kettle, HTTP desync attacks (2019)",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
     "1\r\nA\r\nX"sv,
     kReject, 400},
    {"the timing probe for TE.CL is answered at once", "Kettle, HTTP desync attacks (2019)",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"
     "0\r\n\r\nX"sv,
     kReject, 400},
    {"a request within a chunk smuggles nothing past a length", "Kettle (2019): TE.CL prefix",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2e\r\nGET /admin HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n\r\n0\r\n\r\n"sv,
     kReject, 400},
    {"a request behind a last chunk smuggles nothing past a length", "Kettle (2019): CL.TE prefix",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\nTransfer-Encoding: chunked\r\n\r\n"
     "0\r\n\r\nGET /admin HTTP/1.1\r\nX: "sv,
     kReject, 400},
    {"two codings that hide each other smuggle nothing", "Kettle (2019): TE.TE",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n"
     "Transfer-encoding: cow\r\n\r\n5c\r\nGPOST / HTTP/1.1\r\n\r\n0\r\n\r\n"sv,
     kReject, 400},
    {"two lengths around a request smuggle nothing", "Linhart et al. (2005): CL.CL",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n"
     "GET /poison.html HTTP/1.1\r\nHost: a\r\nX: GET / "sv,
     kReject, 400},
    {"a length behind white space that some see smuggles nothing", "Kettle (2025): V-H, 0.CL",
     "GET /a HTTP/1.1\r\nHost: a\r\n Content-Length: 34\r\n\r\n"
     "GET /admin HTTP/1.1\r\nHost: a\r\n\r\n"sv,
     kReject, 400},
    {"a length that some do not see smuggles nothing", "Kettle (2025): H-V, 0.CL",
     "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length\000: 7\r\n\r\nGET / X"sv, kReject, 400},
    {"a length with a word in its name smuggles nothing", "Klein (2020), variant 1",
     "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length abcde: 20\r\n\r\nGET /b HTTP/1.1\r\n\r\n"sv,
     kReject, 400},
    {"a length behind a CR smuggles nothing", "Klein (2020), variant 2",
     "POST /a HTTP/1.1\r\nHost: a\r\n\rContent-Length: 20\r\n\r\nGET /b HTTP/1.1\r\n\r\n"sv,
     kReject, 400},
    {"a length with a slash in its name smuggles nothing", "Klein (2020), variant 5",
     "POST /a HTTP/1.1\r\nHost: a\r\nContent/Length: 20\r\n\r\nGET /b HTTP/1.1\r\n\r\n"sv, kReject,
     400},
    {"an empty name that ends the head for some smuggles nothing", "CVE-2023-25725 (HAProxy)",
     "GET / HTTP/1.1\r\nHost: a\r\n: x\r\nContent-Length: 5\r\n\r\nhello"sv, kReject, 400},
    {"a version that wraps round to 0.9 smuggles nothing", "Regilero (2016): HTTP/65536.9",
     "GET /a HTTP/65536.9\r\nHost: a\r\n\r\n"sv, kReject, 400},
    {"a coding in capitals with a length of HTTP/1.0 smuggles nothing", "RFC 9112 6.1",
     "POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTRANSFER-ENCODING: CHUNKED\r\n"
     "Content-Length: 5\r\n\r\n0\r\n\r\n"sv,
     kReject, 400},
    {"a hexadecimal length with a short body smuggles nothing", "HTTP Garden transducer bug 1",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x10\r\n\r\nZ"sv, kReject, 400},

    // Refused in the body.
    {"an underscore in a size smuggles nothing",
     "HTTP Garden server bug 1 (Tornado)",
     "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0_2e\r\n\r\n"
     "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"sv,
     kCutShort,
     400,
     {{.framing = kChunked}}},
    {"a request behind a broken chunk is not read",
     "HTTP Garden server bug 47 (Cheroot)",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nINVALID!!!\r\n"
     "GET / HTTP/1.1\r\nHost: a\r\n\r\n"sv,
     kCutShort,
     400,
     {{.method = "POST", .framing = kChunked}}},
    {"a CR in an extension hides no request",
     "HTTP Garden transducer bug 3 (Akamai)",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\r;ABCD\r\n34\r\nE\r\n"
     "0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"sv,
     kCutShort,
     400,
     {{.method = "POST", .framing = kChunked}}},
    {"a LF in an extension hides no request",
     "Jia et al. (2025): TERM.EXT",
     "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;\nAAAAA\r\n1e\r\n0\r\n\r\n"
     "GET /two HTTP/1.1\r\nHost: a\r\n\r\n"sv,
     kCutShort,
     400,
     {{.framing = kChunked}}},
    {"an empty line before the last chunk hides no request",
     "HTTP Garden transducer bug 17 (OpenLiteSpeed)",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n17\r\n0\r\n\r\n"
     "GET / HTTP/1.1\r\n\r\n\r\n\r\n0\r\n\r\n"sv,
     kCutShort,
     400,
     {{.method = "POST", .framing = kChunked, .body = "0\r\n\r\nGET / HTTP/1.1\r\n\r\n"}}},

    // Accepted, and parsed in the only valid way.
    {"a request as the body of another stays its body",
     "Kettle (2022): CL.0",
     "POST /style.css HTTP/1.1\r\nHost: a\r\nContent-Length: 34\r\n\r\n"
     "GET /admin HTTP/1.1\r\nHost: a\r\nX: y"sv,
     kAccept,
     200,
     {{.method = "POST",
       .target = "/style.css",
       .framing = kLength,
       .body = "GET /admin HTTP/1.1\r\nHost: a\r\nX: y"}}},
    {"a request as the only chunk of another stays its body",
     "Bugcrowd (2024): TE.0",
     "OPTIONS / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1d\r\n"
     "GET /a HTTP/1.1\r\nHost: b\r\nX:y\r\n0\r\n\r\n"sv,
     kAccept,
     200,
     {{.method = "OPTIONS", .framing = kChunked, .body = "GET /a HTTP/1.1\r\nHost: b\r\nX:y"}}},
    {"a GET that expects to continue keeps its body",
     "Kettle (2025): 0.CL through Expect",
     "GET /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 18\r\n\r\n"
     "GET /b HTTP/1.1\r\nX"sv,
     kAccept,
     200,
     {{.target = "/a",
       .framing = kLength,
       .body = "GET /b HTTP/1.1\r\nX",
       .expects_continue = true}}},
    {"a trailer that looks like a request is a trailer",
     "CVE-2023-40175 (Puma)",
     "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "0\r\nX:POST / HTTP/1.1\r\n\r\n"sv,
     kAccept,
     200,
     {{.framing = kChunked, .trailers = {{"X", "POST / HTTP/1.1"}}}}},
    {"a key of an old WebSocket draft brings no body",
     "Grenfeldt (2021): gunicorn",
     "GET / HTTP/1.1\r\nHost: a\r\nSec-Websocket-Key1: x\r\n\r\nxxxxxxxxGET /b HTTP/1.1\r\nHost: "
     "a\r\n"
     "\r\n"sv,
     kAccept,
     200,
     {{.headers = {{"Sec-Websocket-Key1", "x"}}}, {.method = "xxxxxxxxGET", .target = "/b"}}},
    {"a refused upgrade does not make a tunnel",
     "0ang3el, WebSocket smuggling (2019)",
     "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
     "Sec-WebSocket-Version: 777\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n"sv,
     kAccept,
     200,
     {{.target = "/ws", .headers = {{"Sec-WebSocket-Version", "777"}}, .upgrade = "websocket"},
      {.target = "/b"}}},
    {"a length written with zeros is forwarded without them",
     "HTTP Garden server bug 32",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0000000000000000000000000000000000005\r\n\r\n"
     "helloGET /b HTTP/1.1\r\nHost: a\r\n\r\n"sv,
     kAccept,
     200,
     {{.method = "POST", .framing = kLength, .body = "hello"}, {.target = "/b"}}},
    {"a body sent late is waited for",
     "Kettle (2022): pause-based desync",
     "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 34\r\n\r\n"sv,
     kIncomplete,
     0,
     {{.method = "POST", .target = "/a", .framing = kLength}}},
    {"a header that names another host is only a header",
     "Kettle, Cracking the lens (2017)",
     "GET / HTTP/1.1\r\nHost: a\r\nX-Host: b\r\nX-Original-URL: /admin\r\n\r\n"sv,
     kAccept,
     200,
     {{.headers = {{"X-Host", "b"}, {"X-Original-URL", "/admin"}}}}},
};

}  // namespace

const std::vector<RequestCase>& requestAttackCases() { return kCases; }

}  // namespace weir::conformance
