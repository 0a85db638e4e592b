#include "observability/text/secrets.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "core/base/short_text.h"
#include "core/http/escapes.h"

namespace weir {
namespace {

constexpr std::string_view kRedactedValue = "REDACTED";

// Anywhere in a name.
constexpr std::string_view kSecretParts[] = {
    "token",   "secret",  "passw",     "signature",  "credential", "apikey",    "api_key",
    "api-key", "session", "assertion", "access_key", "access-key", "accesskey", "jwt"};
// The complete name.
constexpr std::string_view kSecretNames[] = {"key",  "code",   "state", "sig",  "auth",
                                             "pass", "pwd",    "otp",   "pin",  "authorization",
                                             "sid",  "ticket", "hmac",  "nonce"};

// A longer name is compared by its beginning.
constexpr std::size_t kMostName = 64;

// The first byte, which may be percent-encoded.
char takeByte(std::string_view& text) {
  const int escaped = http::escapedByte(text);
  const char c = escaped < 0 ? text[0] : static_cast<char>(escaped);
  text.remove_prefix(escaped < 0 ? 1 : 3);
  return c;
}

// Decoded and in lower case.
class PlainName {
 public:
  explicit PlainName(std::string_view name) {
    while (!name.empty() && size_ < kMostName) {
      const char c = takeByte(name);
      text_[size_++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    }
  }
  std::string_view text() const { return {text_.data(), size_}; }

 private:
  std::array<char, kMostName> text_{};
  std::size_t size_ = 0;
};

// Calls visit(pair, name, value) for each pair, also if it is empty.
template <typename Visit>
void forEachPair(std::string_view query, Visit visit) {
  while (true) {
    const std::string_view pair = query.substr(0, query.find('&'));
    const std::size_t equals = pair.find('=');
    const bool has_value = equals != std::string_view::npos;
    visit(pair, pair.substr(0, equals), has_value ? pair.substr(equals + 1) : std::string_view());
    if (pair.size() == query.size()) return;
    query.remove_prefix(pair.size() + 1);
  }
}

bool isHidden(std::string_view name, std::string_view value) {
  return !value.empty() && isSecretParameter(name);
}

}  // namespace

bool isSecretParameter(std::string_view name) {
  const PlainName plain(name);
  const std::string_view text = plain.text();
  return std::ranges::find(kSecretNames, text) != std::end(kSecretNames) ||
         std::ranges::any_of(kSecretParts, [text](std::string_view part) {
           return text.find(part) != std::string_view::npos;
         });
}

void visitRedacted(std::string_view query, const std::function<void(std::string_view)>& visit) {
  bool first = true;
  forEachPair(query, [&](std::string_view pair, std::string_view name, std::string_view value) {
    if (!std::exchange(first, false)) visit("&");
    if (!isHidden(name, value)) return visit(pair);
    visit(name);
    visit("=");
    visit(kRedactedValue);
  });
}

std::string_view redactedQuery(std::string_view query, Arena& arena) {
  std::size_t hidden = 0;
  forEachPair(query, [&](std::string_view, std::string_view name, std::string_view value) {
    hidden += isHidden(name, value) ? 1 : 0;
  });
  if (hidden == 0) return query;
  const std::size_t room = query.size() + hidden * kRedactedValue.size();
  char* const start = arena.allocate(room);
  char* to = start;
  visitRedacted(query, [&to](std::string_view piece) { to = putText(to, piece); });
  const auto size = static_cast<std::size_t>(to - start);
  arena.giveBack(to, start + room);
  return {start, size};
}

}  // namespace weir
