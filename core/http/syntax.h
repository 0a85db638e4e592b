#pragma once

#include <string_view>

#include "core/base/number.h"
#include "core/http/message.h"

// The small grammar that every version of HTTP shares, and that their libraries leave to us.
namespace weir::http {

// Without spaces and tabs at both ends.
inline std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// Calls `visit` with each element of a comma-separated list, trimmed, empty ones left out.
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

// Kept in a message's fields instead of its headers (see http::Request).
bool isFramingField(HeaderId id);
// Of fields that frame, route or authorise a message, or say who sent it: these must not change
// after the fact (RFC 9110, 6.5.1).
bool isForbiddenInTrailers(HeaderId id);

Method methodOf(std::string_view name);
// What may be the beginning of a method's name (RFC 9110, 5.6.2).
bool isTokenSoFar(std::string_view text);
bool isToken(std::string_view text);
bool isTokenByte(char c);
// Whether a protocol of Upgrade or :protocol is HTTP itself: h2c, HTTP/2.0 and so on. Requests in
// such a tunnel would pass us unseen, so that no client may switch to it.
bool isHttpUpgrade(std::string_view protocol);

// Visible ASCII without a fragment (RFC 9112, 3.2), or bytes above 0x7F, which many clients send
// for UTF-8 and which route::normalizePath encodes.
bool isTargetText(std::string_view target);
// host[:port] without user information (RFC 9110, 7.2); not empty.
bool isAuthority(std::string_view authority);

// The port that "http" or "https" implies; empty for any other scheme.
std::string_view defaultPort(std::string_view scheme);
// Whether both name the same host and port of that scheme: a port that is empty or the default one
// is the same as none (RFC 9110, 4.2.3), and letters are compared without their case.
bool isSameAuthority(std::string_view one, std::string_view other, std::string_view scheme);

struct Absolute {
  std::string_view scheme;     // "http" or "https", static
  std::string_view authority;  // empty when it is no absolute-form
  std::string_view rest;       // path and query
};
// "http://host/path?query" (RFC 9112, 3.2.2).
Absolute splitAbsolute(std::string_view target);

}  // namespace weir::http
