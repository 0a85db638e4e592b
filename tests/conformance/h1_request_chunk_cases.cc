#include <string>

#include "tests/conformance/h1_request_cases.h"

// Chunked bodies: sizes, extensions and line endings. Every refused case has a valid head, so the
// upstream may have received it; it must never receive the end of the body.
namespace weir::conformance {
namespace {

using enum Expect;
using enum Framing;
using namespace std::string_literals;
using namespace std::string_view_literals;

const std::string kHead = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

// One request with a chunked body, kept as long as the table made from them.
struct ChunkCase {
  std::string_view name;
  std::string_view source;
  std::string_view chunks;  // the bytes after the head
  Expect expect = kCutShort;
  std::string_view body = {};  // with kCutShort: the part that the upstream may receive
  int refusal = 400;
};

const std::string kLongExtension = "5;a=" + std::string(70'000, 'b') + "\r\nhello\r\n0\r\n\r\n";
const std::string kLongExtensionName = "5;" + std::string(70'000, 'a') + "\r\nhello\r\n0\r\n\r\n";
const std::string kLongWhiteSpace = "5" + std::string(70'000, ' ') + ";a\r\nhello\r\n0\r\n\r\n";
const std::string kManyExtensions = [] {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "1;" + std::string(100, 'e') + "\r\nx\r\n";
  return text + "0\r\n\r\n";
}();
const std::string kThousandBytes(1000, 'x');

const std::vector<ChunkCase> kChunks = {
    // Valid sizes and line endings.
    {"an empty chunked body is forwarded", "RFC 9112 7.1", "0\r\n\r\n"sv, kAccept},
    {"several chunks make one body", "RFC 9112 7.1",
     "5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n"sv, kAccept, "hello world"},
    {"a size in lower case hexadecimal is a size", "RFC 9112 7.1", "a\r\n0123456789\r\n0\r\n\r\n"sv,
     kAccept, "0123456789"},
    {"a size in upper case hexadecimal is a size", "RFC 9112 7.1", "A\r\n0123456789\r\n0\r\n\r\n"sv,
     kAccept, "0123456789"},
    {"a size with leading zeros is a size", "RFC 9112 7.1", "0005\r\nhello\r\n0\r\n\r\n"sv, kAccept,
     "hello"},
    {"a size of two digits is hexadecimal", "RFC 9112 7.1", "10\r\n0123456789abcdef\r\n0\r\n\r\n"sv,
     kAccept, "0123456789abcdef"},
    {"a last chunk of several zeros is the last chunk", "RFC 9112 7.1", "2\r\nhi\r\n000\r\n\r\n"sv,
     kAccept, "hi"},
    {"a chunk may hold line ends", "RFC 9112 7.1", "7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n"sv, kAccept,
     "\r\n0\r\n\r\n"},
    {"a chunk may hold any bytes", "RFC 9112 7.1", "4\r\n\000\n\r\377\r\n0\r\n\r\n"sv, kAccept,
     "\000\n\r\377"sv},
    {"a chunk that looks like a request is a body", "RFC 9112 7.1",
     "12\r\nGET / HTTP/1.1\r\n\r\n\r\n0\r\n\r\n"sv, kAccept, "GET / HTTP/1.1\r\n\r\n"},

    // Valid extensions: ignored.
    {"an extension is not forwarded", "RFC 9112 7.1.1", "5;a=b\r\nhello\r\n0\r\n\r\n"sv, kAccept,
     "hello"},
    {"an extension without a value is not forwarded", "RFC 9112 7.1.1",
     "5;a\r\nhello\r\n0\r\n\r\n"sv, kAccept, "hello"},
    {"several extensions are not forwarded", "RFC 9112 7.1.1",
     "5;a=b;c;d=e\r\nhello\r\n0\r\n\r\n"sv, kAccept, "hello"},
    {"a quoted extension is not forwarded", "RFC 9112 7.1.1", "5;a=\"b c\"\r\nhello\r\n0\r\n\r\n"sv,
     kAccept, "hello"},
    {"an extension of the last chunk is not forwarded", "RFC 9112 7.1.1",
     "5\r\nhello\r\n0;a=b\r\n\r\n"sv, kAccept, "hello"},

    // Whitespace in extensions is bad (BWS), but a recipient must parse it (RFC 9112, 7.1.1).
    {"a space behind the semicolon is passed over", "RFC 9112 7.1.1: BWS",
     "5; a=b\r\nhello\r\n0\r\n\r\n"sv, kAccept, "hello"},
    {"a space before the semicolon is passed over", "RFC 9112 7.1.1: BWS",
     "5 ;a=b\r\nhello\r\n0\r\n\r\n"sv, kAccept, "hello"},
    {"a tab before the semicolon is passed over", "RFC 9112 7.1.1: BWS",
     "5\t;a=b\r\nhello\r\n0\r\n\r\n"sv, kAccept, "hello"},
    {"a space behind the name of an extension is passed over", "RFC 9112 7.1.1: BWS",
     "5;a =b\r\nhello\r\n0\r\n\r\n"sv, kAccept, "hello"},
    {"white space around everything is passed over", "RFC 9112 7.1.1: BWS",
     "5 \t; \ta\t = \"b;\\\"c\" \t; d ; e= f ;g\r\nhello\r\n0 ; a\r\n\r\n"sv, kAccept, "hello"},

    // Incomplete.
    {"a chunk that has not ended is waited for", "RFC 9112 7.1", "5\r\nhel"sv, kIncomplete, "hel"},
    {"the line end behind a chunk is waited for", "RFC 9112 7.1", "5\r\nhello"sv, kIncomplete,
     "hello"},
    {"the last chunk is waited for", "RFC 9112 7.1", "5\r\nhello\r\n"sv, kIncomplete, "hello"},
    {"the end behind the last chunk is waited for", "RFC 9112 7.1", "5\r\nhello\r\n0\r\n"sv,
     kIncomplete, "hello"},
    {"the LF behind the last chunk is waited for", "RFC 9112 7.1", "5\r\nhello\r\n0\r\n\r"sv,
     kIncomplete, "hello"},
    {"a chunk of nearly 64 bits is waited for", "RFC 9112 7.1", "7fffffffffffffff\r\nhello"sv,
     kIncomplete, "hello"},

    // Invalid sizes.
    {"an empty size is refused", "HTTP Garden server bug 17 (hyper)", "\r\n\r\n"sv},
    {"a size of white space is refused", "RFC 9112 7.1", " \r\n\r\n"sv},
    {"a prefix of hexadecimal in a size is refused", "HTTP Garden server bug 25 (libevent)",
     "0x5\r\nhello\r\n0\r\n\r\n"sv},
    {"a plus sign before a size is refused", "HTTP Garden server bug 25 (libevent)",
     "+5\r\nhello\r\n0\r\n\r\n"sv},
    {"a negative size is refused", "HTTP Garden server bug 25 (libevent)",
     "-5\r\nhello\r\n0\r\n\r\n"sv},
    {"minus zero for a size is refused", "RFC 9112 7.1", "-0\r\n\r\n"sv},
    {"an underscore in a size is refused", "CVE-2023-47627 (aiohttp)",
     "0_5\r\nhello\r\n0\r\n\r\n"sv},
    {"a letter that is no digit is refused", "HTTP Garden transducer bug 2 (Akamai)",
     "Z\r\nZZ\r\nZZZ\r\n\r\n"sv},
    {"a letter behind a size is refused", "HTTP Garden transducer bug 7 (Traffic Server)",
     "5g\r\nhello\r\n0\r\n\r\n"sv},
    {"a size in quotes is refused", "RFC 9112 7.1", "\"5\"\r\nhello\r\n0\r\n\r\n"sv},
    {"a size with an h is refused", "RFC 9112 7.1", "5h\r\nhello\r\n0\r\n\r\n"sv},
    {"a fraction for a size is refused", "RFC 9112 7.1", "5.0\r\nhello\r\n0\r\n\r\n"sv},
    {"a list of sizes is refused", "RFC 9112 7.1", "5,5\r\nhello\r\n0\r\n\r\n"sv},
    {"a space before a size is refused", "RFC 9112 7.1", " 5\r\nhello\r\n0\r\n\r\n"sv},
    {"a tab before a size is refused", "RFC 9112 7.1", "\t5\r\nhello\r\n0\r\n\r\n"sv},
    {"a space behind a size is refused", "RFC 9112 7.1", "5 \r\nhello\r\n0\r\n\r\n"sv},
    {"a tab behind a size is refused", "RFC 9112 7.1", "5\t\r\nhello\r\n0\r\n\r\n"sv},
    {"a space within a size is refused", "RFC 9112 7.1", "1 0\r\n0123456789abcdef\r\n0\r\n\r\n"sv},
    {"a NUL behind a size is refused", "RFC 9112 7.1", "5\000\r\nhello\r\n0\r\n\r\n"sv},
    {"a NUL in place of a size is refused", "RFC 9112 7.1", "\000\r\n\r\n"sv},
    {"digits of another alphabet for a size are refused", "CVE-2023-47627 (aiohttp)",
     "\331\245\r\nhello\r\n0\r\n\r\n"sv},
    {"a minus sign behind a zero is refused", "HTTP Garden server bug 1", "0-1\r\n\r\n"sv},

    // Sizes that are too large.
    {"a size one over 64 bits is refused", "RFC 9112 7.1", "10000000000000000\r\nhello"sv},
    {"a size that wraps round to five is refused", "RFC 9112 7.1",
     "10000000000000005\r\nhello\r\n0\r\n\r\n"sv},
    {"a size of many digits that wraps round to zero is refused", "RFC 9112 7.1",
     "f0000000000000000000000000\r\n\r\n"sv},

    // Line endings of sizes.
    {"a bare LF behind a size is refused", "CVE-2025-22871 (Go)", "5\nhello\r\n0\r\n\r\n"sv},
    {"a bare CR behind a size is refused", "HTTP Garden server bug 31 (Node.js)",
     "5\rhello\r\n0\r\n\r\n"sv},
    {"CR and any byte behind a size are refused", "HTTP Garden server bug 31 (Node.js)",
     "5\rXhello\r\n0\r\n\r\n"sv},
    {"two CR behind a size are refused", "HTTP Garden server bug 31 (Node.js)",
     "5\r\r\nhello\r\n0\r\n\r\n"sv},
    {"a bare LF behind the last size is refused", "HTTP Garden README: NGINX",
     "2\r\nhi\r\n0\n\r\n"sv, kCutShort, "hi"},
    {"two bare LF at the end are refused", "RFC 9112 7.1", "2\r\nhi\r\n0\n\n"sv, kCutShort, "hi"},
    {"a bare LF at the very end is refused", "RFC 9112 7.1", "2\r\nhi\r\n0\r\n\n"sv, kCutShort,
     "hi"},
    {"CR and any byte at the very end are refused", "CVE-2023-40175 (Puma)",
     "2\r\nhi\r\n0\r\n\rX"sv, kCutShort, "hi"},
    {"two bytes in place of the last line end are refused", "CVE-2023-40175 (Puma)",
     "2\r\nhi\r\n0\r\nX:"
     "GET / HTTP/1.1\r\nX\r\n\r\n"sv,
     kCutShort, "hi"},

    // Line endings of chunks.
    {"a chunk without its line end is refused", "RFC 9112 7.1", "5\r\nhello0\r\n\r\n"sv, kCutShort,
     "hello"},
    {"any two bytes behind a chunk are refused", "CVE-2025-43859 (h11)", "5\r\nhelloXX0\r\n\r\n"sv,
     kCutShort, "hello"},
    {"a chunk longer than its size is refused", "Jia et al., TERM.SPILL (2025)",
     "5\r\nhelloAAA\r\n0\r\n\r\n"sv, kCutShort, "hello"},
    {"one byte too many behind a chunk is refused", "Jia et al., ONE.TWO (2025)",
     "5\r\nhelloX\r\n0\r\n\r\n"sv, kCutShort, "hello"},
    {"a bare LF behind a chunk is refused", "HTTP Garden transducer bug 13 (HAProxy)",
     "5\r\nhello\n0\r\n\r\n"sv, kCutShort, "hello"},
    {"a bare CR behind a chunk is refused", "RFC 9112 7.1", "5\r\nhello\r0\r\n\r\n"sv, kCutShort,
     "hello"},
    {"two CR behind a chunk are refused", "RFC 9112 7.1", "5\r\nhello\r\r\n0\r\n\r\n"sv, kCutShort,
     "hello"},
    {"two line ends behind a chunk are refused", "HTTP Garden transducer bug 17 (OpenLiteSpeed)",
     "5\r\nhello\r\n\r\n0\r\n\r\n"sv, kCutShort, "hello"},
    {"a chunk shorter than its size takes no line end for data", "RFC 9112 7.1",
     "6\r\nhello\r\n0\r\n\r\n"sv, kCutShort, "hello\r"},
    {"a line end before the first size is refused", "CVE-2025-47905 (Varnish)",
     "\r\n5\r\nhello\r\n0\r\n\r\n"sv},

    // Invalid extensions.
    {"a semicolon without a name is refused", "RFC 9112 7.1.1", "5;\r\nhello\r\n0\r\n\r\n"sv},
    {"white space behind the last name is refused", "RFC 9112 7.1.1",
     "5;a \r\nhello\r\n0\r\n\r\n"sv},
    {"white space behind the last value is refused", "RFC 9112 7.1.1",
     "5;a=b\t\r\nhello\r\n0\r\n\r\n"sv},
    {"white space behind a closing quote is refused", "RFC 9112 7.1.1",
     "5;a=\"b\" \r\nhello\r\n0\r\n\r\n"sv},
    {"an equals sign without a value is refused", "RFC 9112 7.1.1", "5;a=\r\nhello\r\n0\r\n\r\n"sv},
    {"white space in place of a value is refused", "RFC 9112 7.1.1",
     "5;a= ;b\r\nhello\r\n0\r\n\r\n"sv},
    {"two names of one extension are refused", "RFC 9112 7.1.1", "5;a b\r\nhello\r\n0\r\n\r\n"sv},
    {"two values of one extension are refused", "RFC 9112 7.1.1",
     "5;a=b c\r\nhello\r\n0\r\n\r\n"sv},
    {"a value behind a quoted one is refused", "RFC 9112 7.1.1",
     "5;a=\"b\"c\r\nhello\r\n0\r\n\r\n"sv},
    {"a CR behind a backslash is refused", "RFC 9110 5.6.4", "5;a=\"\\\r\nhello\r\n0\r\n\r\n"sv},
    {"white space without an end is refused",
     "RFC 9112 7.1.1",
     kLongWhiteSpace,
     kCutShort,
     {},
     431},
    {"an extension without a semicolon is refused", "RFC 9112 7.1.1",
     "5 a=b\r\nhello\r\n0\r\n\r\n"sv},
    {"an equals sign without a name is refused", "RFC 9112 7.1.1", "5;=b\r\nhello\r\n0\r\n\r\n"sv},
    {"a bare LF as the end of an extension is refused", "Jia et al., TERM.EXT (2025)",
     "5;a\nhello\r\n0\r\n\r\n"sv},
    {"a bare LF right behind the semicolon is refused",
     "TERM.EXT: CVE-2025-55315 (Kestrel), CVE-2025-58056 (Netty)",
     "2;\nxx\r\n4c\r\n0\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n"sv},
    {"a bare LF within an extension is refused",
     "EXT.TERM: CVE-2024-52304 (aiohttp), fasthttp 1899", "5;a\nb=c\r\nhello\r\n0\r\n\r\n"sv},
    {"a bare CR as the end of an extension is refused", "TERM.EXT with CR (2025)",
     "5;a\rhello\r\n0\r\n\r\n"sv},
    {"two CR in an extension are refused", "HTTP Garden server bug 36 (Akamai)",
     "5;a=b\r\rhello\r\n0\r\n\r\n"sv},
    {"a CR before the semicolon is refused", "HTTP Garden transducer bug 3 (Akamai)",
     "2\r\r;a\r\n02\r\n41\r\n0\r\n\r\n"sv},
    {"a bare LF in a quoted extension is refused", "Jeppe Weikop, quoted chunk extensions (2025)",
     "5;a=\"b\nc\"\r\nhello\r\n0\r\n\r\n"sv},
    {"a line end in a quoted extension is refused", "Jeppe Weikop, quoted chunk extensions (2025)",
     "5;a=\"b\r\nhello\"\r\n0\r\n\r\n"sv},
    {"a NUL in an extension is refused", "RFC 9112 7.1.1", "5;a\000b\r\nhello\r\n0\r\n\r\n"sv},
    {"a control byte in an extension is refused", "RFC 9112 7.1.1",
     "5;a\001\r\nhello\r\n0\r\n\r\n"sv},
    {"a bare LF in an extension of the last chunk is refused", "TERM.EXT at the end (2025)",
     "2\r\nhi\r\n0;a\n\r\n"sv, kCutShort, "hi"},
    {"an extension without an end is refused",
     "CVE-2023-39326 (Go); RFC 9112 7.1.1",
     kLongExtension,
     kCutShort,
     {},
     431},
    {"a name of an extension without an end is refused",
     "RFC 9112 7.1.1",
     kLongExtensionName,
     kCutShort,
     {},
     431},
    {"extensions that add up to too much are refused", "CVE-2023-39326 (Go)", kManyExtensions,
     kCutShort, kThousandBytes, 431},
};

int statusOf(const ChunkCase& each) {
  switch (each.expect) {
    case kAccept:
      return 200;
    case kIncomplete:
      return 0;
    default:
      return each.refusal;
  }
}

std::vector<std::string> joinTexts() {
  std::vector<std::string> texts;
  for (const ChunkCase& each : kChunks) texts.push_back(kHead + std::string(each.chunks));
  return texts;
}

const std::vector<std::string> kTexts = joinTexts();

std::vector<RequestCase> makeCases() {
  std::vector<RequestCase> cases;
  for (std::size_t i = 0; i < kChunks.size(); ++i) {
    const ChunkCase& each = kChunks[i];
    cases.push_back({each.name,
                     each.source,
                     kTexts[i],
                     each.expect,
                     statusOf(each),
                     {{.method = "POST", .framing = kChunked, .body = each.body}}});
  }
  return cases;
}

const std::vector<RequestCase> kCases = makeCases();

}  // namespace

const std::vector<RequestCase>& requestChunkCases() { return kCases; }

}  // namespace weir::conformance
