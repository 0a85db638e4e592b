#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/number.h"
#include "core/http/message.h"

// Grammar common to all versions of HTTP, which the HTTP libraries do not parse.
namespace weir::http {

// `text` without spaces and tabs at both ends.
inline std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// Calls `visit` with each non-empty element of a comma-separated list, trimmed.
template <typename Visit>
void forEachToken(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view token = trimmed(list.substr(0, comma));
    if (!token.empty()) visit(token);
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

bool hasToken(std::string_view list, std::string_view token);

// Whether the field is a member of a message instead of a header (see http::Request).
constexpr bool isFramingField(HeaderId id) {
  constexpr auto kBit = [](HeaderId each) {
    return std::uint64_t{1} << static_cast<unsigned>(each);
  };
  constexpr std::uint64_t kFields =
      kBit(HeaderId::kHost) | kBit(HeaderId::kHttp2Settings) | kBit(HeaderId::kContentLength) |
      kBit(HeaderId::kTransferEncoding) | kBit(HeaderId::kConnection) | kBit(HeaderId::kKeepAlive) |
      kBit(HeaderId::kProxyConnection) | kBit(HeaderId::kTe) | kBit(HeaderId::kUpgrade) |
      kBit(HeaderId::kExpect);
  return (kFields & kBit(id)) != 0;
}
// Whether the field concerns framing, routing, authorization or the sender's identity, which
// trailers must not change after the fact (RFC 9110, 6.5.1).
bool isForbiddenInTrailers(HeaderId id);

Method methodOf(std::string_view name);
// Whether `text` may be the beginning of a method's name (RFC 9110, 5.6.2).
bool isTokenSoFar(std::string_view text);
bool isToken(std::string_view text);
bool isTokenByte(char c);
// Whether a protocol of Upgrade or :protocol is HTTP itself: h2c, HTTP/2.0 and so on. weir could
// not see the requests in such a tunnel; therefore no client may switch to it.
bool isHttpUpgrade(std::string_view protocol);

// Whether `target` is visible ASCII without a fragment (RFC 9112, 3.2), or bytes above 0x7F, which
// many clients send as raw UTF-8 and which route::normalizePath encodes.
bool isTargetText(std::string_view target);
// Whether `authority` is host[:port] without user information (RFC 9110, 7.2) and not empty.
bool isAuthority(std::string_view authority);

// The port that "http" or "https" implies; empty for any other scheme.
std::string_view defaultPort(std::string_view scheme);
// Whether both name the same host and port of that scheme: an empty or default port equals no port
// (RFC 9110, 4.2.3), and case is ignored.
bool isSameAuthority(std::string_view one, std::string_view other, std::string_view scheme);

struct Absolute {
  std::string_view scheme;     // "http" or "https", static
  std::string_view authority;  // empty if the target is not in absolute-form
  std::string_view rest;       // path and query
};
// Splits "http://host/path?query" (RFC 9112, 3.2.2).
Absolute splitAbsolute(std::string_view target);

}  // namespace weir::http
