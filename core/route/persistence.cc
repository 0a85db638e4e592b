#include "core/route/persistence.h"

#include <array>
#include <charconv>
#include <utility>

#include "core/base/arena_string.h"
#include "core/base/number.h"
#include "core/config/table.h"
#include "core/http/cookies.h"
#include "core/http/syntax.h"

namespace weir::route {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::pair<std::string_view, SameSite>, 3> kSameSites = {{
    {"lax", SameSite::kLax},
    {"strict", SameSite::kStrict},
    {"none", SameSite::kNone},
}};
constexpr std::array<std::pair<std::string_view, SecureCookie>, 3> kSecures = {{
    {"auto", SecureCookie::kAuto},
    {"always", SecureCookie::kAlways},
    {"never", SecureCookie::kNever},
}};
constexpr std::string_view kSameSiteTexts[] = {"; SameSite=Lax", "; SameSite=Strict",
                                               "; SameSite=None"};
// A clock that is ahead of this one by no more is not a forgery.
constexpr Nanoseconds kClockSkew = 5min;

// True for a value of an attribute (RFC 6265, 4.1.1).
bool isAttribute(std::string_view text) {
  return text.find_first_of("; \t\r\n,") == std::string_view::npos;
}

std::vector<std::string_view> revealed(const std::vector<config::Secret>& secrets) {
  std::vector<std::string_view> texts;
  texts.reserve(secrets.size());
  for (const config::Secret& secret : secrets) texts.emplace_back(secret.reveal());
  return texts;
}

// Removes the text up to the end of the line.
std::string_view takeLine(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return word;
}

void appendNumber(std::int64_t number, ArenaString& to) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  to.append({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

std::int64_t secondsOf(Nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time).count();
}

}  // namespace

void CookieSettings::read(config::Table& table, CookieSettings& out) {
  table.read("name", out.name, "Name of the cookie.", {.required = true});
  table.read("path", out.path, "Path attribute of the cookie.", {.min_size = 1});
  table.read("domain", out.domain,
             "Domain attribute of the cookie. Default: the requested host only.", {.min_size = 1});
  table.read("same_site", out.same_site, kSameSites, "SameSite attribute of the cookie.");
  table.read("secure", out.secure, kSecures,
             "Secure attribute of the cookie. auto: for requests over TLS.");
  table.read("http_only", out.http_only,
             "HttpOnly attribute of the cookie, which hides it from scripts.");
  table.read("permanent", out.permanent,
             "Whether the cookie outlives the browser: it has a Max-Age, the rest of "
             "absolute_timeout.");
  if (table.has("name") && !http::isCookieName(out.name)) {
    table.fail("name", "is not the name of a cookie");
  }
  if (!isAttribute(out.path)) table.fail("path", "must not contain a semicolon, comma or space");
  if (out.domain && !isAttribute(*out.domain)) table.fail("domain", "is not a domain");
  if (out.same_site == SameSite::kNone && out.secure == SecureCookie::kNever) {
    table.fail("same_site", "browsers refuse SameSite=None without Secure");
  }
}

void PersistenceSettings::read(config::Table& table, PersistenceSettings& out) {
  table.read("cookie", out.cookie,
             "Cookie that carries the session: its name, or a table with its attributes.");
  table.read("header", out.header,
             "Name of the header field that carries the session: the response has it, and the "
             "client sends it back.",
             {.min_size = 1});
  table.read("absolute_timeout", out.absolute_timeout,
             "Time after which a session ends, however often it is used. Default: none.",
             {.min = 1s, .max = 8'760h});
  table.read("strict", out.strict,
             "Whether requests are refused with 503 while the endpoint of their session cannot be "
             "used. false: they go to another endpoint, where the session continues.");
  table.read("secrets", out.secrets,
             "Secrets of at least 32 bytes, by which sessions are encrypted. Processes that share "
             "them accept each other's sessions. The first encrypts, all of them decrypt: to "
             "replace a secret, put the new one first, and remove the old one later. Default: one "
             "that the process makes at random when it starts.");
  table.exactlyOneOf({"cookie", "header"});
  if (out.header && !http::isToken(*out.header)) table.fail("header", "is not a name of a field");
  if (out.header && http::isFramingField(http::headerId(*out.header))) {
    table.fail("header", "frames the message");
  }
  if (out.cookie && out.cookie->permanent && !out.absolute_timeout) {
    table.fail("cookie", "a permanent cookie needs absolute_timeout");
  }
  for (std::size_t i = 0; i < out.secrets.size(); ++i) {
    if (out.secrets[i].reveal().size() >= tls::Sealer::kLeastSecret) continue;
    table.failElement("secrets", i, "has less than 32 bytes");
  }
}

Persistence::Persistence(const PersistenceSettings& settings, Clock clock)
    : settings_(settings), sealer_(revealed(settings.secrets)), clock_(clock) {}

std::optional<std::string_view> Persistence::token(const http::Request& request) const {
  if (settings_.cookie) return http::findCookie(request.headers, settings_.cookie->name);
  return request.headers.get(*settings_.header);
}

// The text in a token: lines with the seconds, the upstream and the endpoint.
std::optional<Session> Persistence::find(const http::Request& request) const {
  const auto sealed = token(request);
  if (!sealed) return std::nullopt;
  const auto opened = sealer_.open(*sealed, context(), request.headers.arena());
  if (!opened) return std::nullopt;
  std::string_view text = opened->text;
  const auto seconds = parseNumber<std::int64_t>(takeLine(text));
  Session session;
  session.upstream = takeLine(text);
  session.endpoint = text;
  if (!seconds) return std::nullopt;
  session.begun = std::chrono::seconds(*seconds);
  session.renew = opened->renew;
  const Nanoseconds age = clock_() - session.begun;
  const bool over = settings_.absolute_timeout && age >= *settings_.absolute_timeout;
  if (over || age < -kClockSkew) return std::nullopt;
  return session;
}

void Persistence::store(std::string_view upstream, const net::Address& endpoint,
                        const Session* before, const http::Request& request,
                        http::Response& response) const {
  Arena& arena = response.headers.arena();
  const Nanoseconds now = clock_();
  const Nanoseconds begun = before != nullptr ? before->begun : now;
  ArenaString text(arena, 96);
  appendNumber(secondsOf(begun), text);
  text.append('\n');
  text.append(upstream);
  text.append('\n');
  text.append(endpoint.text());
  const auto token = sealer_.seal(text.finish(), context(), arena);
  if (!token) return;
  if (!settings_.cookie) return response.headers.set(*settings_.header, *token);
  const bool secure =
      settings_.cookie->secure == SecureCookie::kAlways ||
      (settings_.cookie->secure == SecureCookie::kAuto && request.scheme == "https");
  response.headers.add(http::HeaderId::kSetCookie, setCookie(*token, now - begun, secure, arena));
}

std::string_view Persistence::setCookie(std::string_view token, Nanoseconds age, bool secure,
                                        Arena& arena) const {
  const CookieSettings& cookie = *settings_.cookie;
  ArenaString text(arena, token.size() + 160);
  text.append(cookie.name);
  text.append('=');
  text.append(token);
  text.append("; Path=");
  text.append(cookie.path);
  if (cookie.domain) {
    text.append("; Domain=");
    text.append(*cookie.domain);
  }
  if (cookie.permanent) {
    text.append("; Max-Age=");
    appendNumber(secondsOf(*settings_.absolute_timeout - age), text);
  }
  if (cookie.http_only) text.append("; HttpOnly");
  if (secure) text.append("; Secure");
  text.append(kSameSiteTexts[static_cast<std::size_t>(cookie.same_site)]);
  return text.finish();
}

}  // namespace weir::route
