#include "core/http/syntax.h"

#include <algorithm>
#include <array>

namespace weir::http {
namespace {

constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";
constexpr std::string_view kRegNameMarks = "-._~%!$&'()*+,;=";

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool isHex(char c) { return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

constexpr std::array<bool, 256> makeRegName() {
  std::array<bool, 256> table{};
  for (unsigned c = 0; c < 256; ++c) {
    const char byte = static_cast<char>(c);
    table[c] = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               (c < 128 && kRegNameMarks.find(byte) != std::string_view::npos);
  }
  return table;
}

constexpr std::array<bool, 256> kRegName = makeRegName();

// Length of "[...]" at the start; 0 if there is none.
std::size_t ipLiteralLength(std::string_view text) {
  const std::size_t close = text.find(']');
  if (close == std::string_view::npos || close < 3) return 0;
  const std::string_view inner = text.substr(1, close - 1);
  const auto allowed = [](char c) { return isHex(c) || c == ':' || c == '.'; };
  return std::all_of(inner.begin(), inner.end(), allowed) ? close + 1 : 0;
}

// Without a trailing colon, and without `port` after one.
std::string_view withoutPort(std::string_view authority, std::string_view port) {
  const std::size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos) return authority;
  const std::string_view found = authority.substr(colon + 1);
  return found.empty() || found == port ? authority.substr(0, colon) : authority;
}

}  // namespace

bool hasToken(std::string_view list, std::string_view token) {
  bool found = false;
  forEachToken(list, [&](std::string_view each) {
    // Parameters, such as a weight, do not matter here.
    found = found || equalsIgnoringCase(trimmed(each.substr(0, each.find(';'))), token);
  });
  return found;
}

bool isForbiddenInTrailers(HeaderId id) {
  switch (id) {
    case HeaderId::kAuthorization:
    case HeaderId::kProxyAuthorization:
    case HeaderId::kCookie:
    case HeaderId::kSetCookie:
    case HeaderId::kContentEncoding:
    case HeaderId::kContentType:
    case HeaderId::kCacheControl:
    case HeaderId::kTrailer:
    case HeaderId::kForwarded:
    case HeaderId::kXForwardedFor:
    case HeaderId::kXForwardedHost:
    case HeaderId::kXForwardedProto:
    case HeaderId::kXForwardedClientCert:
    case HeaderId::kXWeirIdentity:
      return true;
    default:
      return isFramingField(id);
  }
}

Method methodOf(std::string_view name) {
  for (int i = 0; i < static_cast<int>(Method::kOther); ++i) {
    if (name == toString(static_cast<Method>(i))) return static_cast<Method>(i);
  }
  return Method::kOther;
}

bool isTokenByte(char c) {
  return isAlpha(c) || isDigit(c) || kTokenMarks.find(c) != std::string_view::npos;
}

bool isTokenSoFar(std::string_view text) {
  if (text.size() > 1 && text.ends_with(' ')) text.remove_suffix(1);
  return std::all_of(text.begin(), text.end(), isTokenByte);
}

bool isToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), isTokenByte);
}

bool isHttpUpgrade(std::string_view protocol) {
  const std::string_view name = protocol.substr(0, protocol.find('/'));
  return equalsIgnoringCase(name, "h2c") || equalsIgnoringCase(name, "h2") ||
         equalsIgnoringCase(name, "http");
}

bool isTargetText(std::string_view target) {
  // No branch in the loop, so that the compiler vectorizes it.
  bool good = !target.empty();
  for (const char c : target) {
    const auto byte = static_cast<unsigned char>(c);
    good &= (byte > 0x20) & (byte != 0x7f) & (c != '#');
  }
  return good;
}

bool isAuthority(std::string_view authority) {
  std::size_t end = 0;
  if (authority.starts_with('[')) {
    end = ipLiteralLength(authority);
  } else {
    while (end < authority.size() && kRegName[static_cast<unsigned char>(authority[end])]) ++end;
  }
  if (end == 0) return false;
  if (end == authority.size()) return true;
  const std::string_view port = authority.substr(end + 1);
  return authority[end] == ':' && (port.empty() || parseNumber<std::uint16_t>(port).has_value());
}

std::string_view defaultPort(std::string_view scheme) {
  if (scheme == "http") return "80";
  return scheme == "https" ? "443" : "";
}

bool isSameAuthority(std::string_view one, std::string_view other, std::string_view scheme) {
  if (equalsIgnoringCase(one, other)) return true;
  const std::string_view port = defaultPort(scheme);
  return equalsIgnoringCase(withoutPort(one, port), withoutPort(other, port));
}

Absolute splitAbsolute(std::string_view target) {
  const std::size_t colon = target.find("://");
  if (colon == std::string_view::npos) return {};
  const std::string_view scheme = target.substr(0, colon);
  const bool https = equalsIgnoringCase(scheme, "https");
  if (!https && !equalsIgnoringCase(scheme, "http")) return {};
  const std::string_view after = target.substr(colon + 3);
  const std::size_t end = std::min(after.find_first_of("/?"), after.size());
  return {https ? "https" : "http", after.substr(0, end), after.substr(end)};
}

}  // namespace weir::http
