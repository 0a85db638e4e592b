#include <string>

#include "tests/conformance/h1_request_cases.h"

// Large heads: up to the gateway role's limits (32 KiB, 100 fields) and beyond.
namespace weir::conformance {
namespace {

using enum Expect;
using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr std::size_t kFieldLimit = 100;

std::string fields(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "X-A: 1\r\n";
  return text;
}

// The texts to which the cases below refer.
const std::string kLongPath = "/" + std::string(7900, 'p');
const std::string kLongValue = std::string(24'000, 'v');
const std::string kPathOf8000 = "GET " + kLongPath + " HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kPathTooLong =
    "GET /" + std::string(70'000, 'p') + " HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kQueryTooLong =
    "GET /?" + std::string(70'000, 'q') + " HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kPathWithoutEnd = "GET /" + std::string(70'000, 'p');
const std::string kValueLong = "GET / HTTP/1.1\r\nHost: a\r\nX-A: " + kLongValue + "\r\n\r\n";
const std::string kValueTooLong =
    "GET / HTTP/1.1\r\nHost: a\r\nX-A: " + std::string(70'000, 'v') + "\r\n\r\n";
const std::string kNameTooLong =
    "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(70'000, 'n') + ": 1\r\n\r\n";
const std::string kSpaceTooLong =
    "GET / HTTP/1.1\r\nHost: a\r\nX-A:" + std::string(70'000, ' ') + "1\r\n\r\n";
const std::string kHeadWithoutEnd = "GET / HTTP/1.1\r\nHost: a\r\nX-A: " + std::string(70'000, 'v');
const std::string kFieldsAtLimit =
    "GET / HTTP/1.1\r\nHost: a\r\n" + fields(kFieldLimit - 1) + "\r\n";
const std::string kFieldsOverLimit = "GET / HTTP/1.1\r\nHost: a\r\n" + fields(kFieldLimit) + "\r\n";
const std::string kManyLongFields = [] {
  std::string text = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 70; ++i) text += "X-A: " + std::string(1000, 'v') + "\r\n";
  return text + "\r\n";
}();
const std::string kOverflowingName = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length0" +
                                     std::string(255, 'a') + ":\r\nContent-Length: 2\r\n\r\nhi";
const std::string kOverflowingNameOnly = "Content-Length0" + std::string(255, 'a');
const std::string kLongMethod = std::string(70'000, 'M') + " / HTTP/1.1\r\nHost: a\r\n\r\n";

const std::vector<RequestCase> kCases = {
    {"a request line of nearly 8000 bytes is forwarded",
     "RFC 9112 3",
     kPathOf8000,
     kAccept,
     200,
     {{.target = kLongPath}}},
    {"a value of 24000 bytes is forwarded",
     "RFC 9110 5.4",
     kValueLong,
     kAccept,
     200,
     {{.headers = {{"X-A", kLongValue}}}}},
    {"as many fields as the limit says are forwarded",
     "RFC 9110 5.4",
     kFieldsAtLimit,
     kAccept,
     200,
     {{.headers = std::vector<Field>(kFieldLimit - 1, Field{"X-A", "1"})}}},
    {"a name longer than a byte can count is any name",
     "CVE-2021-40346 (HAProxy)",
     kOverflowingName,
     kAccept,
     200,
     {{.method = "POST",
       .headers = {{kOverflowingNameOnly, ""}},
       .framing = Framing::kLength,
       .body = "hi"}}},
    {"a path that is too long is refused", "RFC 9110 15.5.15", kPathTooLong, kReject, 414},
    {"a query that is too long is refused", "RFC 9110 15.5.15", kQueryTooLong, kReject, 414},
    {"a path without an end is refused before it ends", "RFC 9110 15.5.15", kPathWithoutEnd,
     kReject, 414},
    {"a value that is too long is refused", "RFC 6585 5", kValueTooLong, kReject, 431},
    {"a name that is too long is refused", "RFC 6585 5", kNameTooLong, kReject, 431},
    {"white space that is too long is refused", "RFC 6585 5", kSpaceTooLong, kReject, 431},
    {"a value without an end is refused before it ends", "RFC 6585 5", kHeadWithoutEnd, kReject,
     431},
    {"one field more than the limit says is refused", "RFC 6585 5", kFieldsOverLimit, kReject, 431},
    {"long fields that add up to too much are refused", "RFC 6585 5", kManyLongFields, kReject,
     431},
    {"a method that is too long is refused", "RFC 9112 3", kLongMethod, kReject, 431},
};

}  // namespace

const std::vector<RequestCase>& requestLimitCases() { return kCases; }

}  // namespace weir::conformance
