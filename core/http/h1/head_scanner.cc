#include "core/http/h1/head_scanner.h"

#include <array>
#include <cstdint>

#include "core/base/short_text.h"

namespace weir::http::h1 {
namespace {

constexpr std::size_t kWord = sizeof(std::uint64_t);

constexpr std::uint64_t wordOf(std::string_view text) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    word |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[i])) << (8 * i);
  }
  return word;
}

constexpr std::uint64_t maskOf(std::string_view text) {
  return text.size() == kWord ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * text.size())) - 1;
}

// The beginning of a request line.
struct KnownMethod {
  constexpr KnownMethod(std::string_view with_space, Method which)
      : text(with_space), word(wordOf(text)), mask(maskOf(text)), method(which) {}

  std::string_view text;  // and the space after it
  std::uint64_t word;
  std::uint64_t mask;
  Method method;
};

// Not CONNECT, whose target has a form of its own.
constexpr std::array kKnownMethods = {
    KnownMethod("GET ", Method::kGet),         KnownMethod("POST ", Method::kPost),
    KnownMethod("HEAD ", Method::kHead),       KnownMethod("PUT ", Method::kPut),
    KnownMethod("PATCH ", Method::kPatch),     KnownMethod("DELETE ", Method::kDelete),
    KnownMethod("OPTIONS ", Method::kOptions),
};

const KnownMethod* methodAt(const char* at) {
  const auto word = loadWord<std::uint64_t>(at);
  for (const KnownMethod& known : kKnownMethods) {
    if ((word & known.mask) == known.word) return &known;
  }
  return nullptr;
}

constexpr std::uint64_t kHttp10 = wordOf("HTTP/1.0");
constexpr std::uint64_t kHttp11 = wordOf("HTTP/1.1");

bool readVersion(const char* at, Version& version) {
  const auto word = loadWord<std::uint64_t>(at);
  version = word == kHttp10 ? Version::kHttp10 : Version::kHttp11;
  return word == kHttp10 || word == kHttp11;
}

bool isStatusDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

bool HeadScanner::takeRequestLine(Request& request, std::string_view& target) {
  const KnownMethod* const known = methodAt(at_);
  if (known == nullptr) return false;
  const char* const from = at_ + known->text.size();
  if (*from != '/') return false;
  const char* const end = HeadScan::endOfTarget(from);
  if (*end != ' ' || !readVersion(end + 1, request.version) || !isLineEnd(end + 1 + kWord)) {
    return false;
  }
  request.method = known->method;
  request.method_text = toString(known->method);
  target = {from, static_cast<std::size_t>(end - from)};
  at_ = end + 1 + kWord + 2;
  return true;
}

bool HeadScanner::takeStatusLine(Response& response) {
  if (!readVersion(at_, response.version)) return false;
  const char* const code = at_ + kWord + 1;
  if (code[-1] != ' ' || code[0] < '1' || code[0] > '5') return false;
  if (!isStatusDigit(code[1]) || !isStatusDigit(code[2]) || code[3] != ' ') return false;
  const char* const end = HeadScan::endOfValue(code + 4);
  if (!isLineEnd(end)) return false;
  response.status = (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
  at_ = end + 2;
  return true;
}

}  // namespace weir::http::h1
