#include "gateway/transform/heads/cookie_changes.h"

#include <algorithm>
#include <utility>

#include "core/base/arena_writer.h"
#include "core/http/syntax.h"

namespace weir::gateway {
namespace {

using http::HeaderId;

constexpr std::pair<std::string_view, CookieAttributes::SameSite> kSameSites[] = {
    {"strict", CookieAttributes::SameSite::kStrict},
    {"lax", CookieAttributes::SameSite::kLax},
    {"none", CookieAttributes::SameSite::kNone},
};
constexpr std::string_view kSameSiteValues[] = {"Strict", "Lax", "None"};

// RFC 6265, 4.1.1: cookie-octet.
bool isCookieValue(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < '\x7f' && c != '"' && c != ',' && c != ';' && c != '\\';
  });
}

// A value of Path or Domain.
bool isAttributeText(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c < '\x7f' && c != ';' && c != ','; });
}

// Calls `visit` with each part between semicolons, trimmed.
template <typename Visit>
void forEachPart(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::string_view part = http::trimmed(text.substr(0, end));
    if (!part.empty()) visit(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// An upper bound for the cookies of the headers, which may have to be separated.
std::size_t roomForCookies(const http::Headers& headers) {
  std::size_t room = 0;
  for (const http::Header& field : headers) {
    if (field.id == HeaderId::kCookie) room += 2 * field.value.size() + 2;
  }
  return room;
}

std::string_view nameOfPart(std::string_view part) {
  return http::trimmed(part.substr(0, part.find('=')));
}

}  // namespace

void CookieChanges::read(config::Table& table, CookieChanges& out) {
  table.read("remove", out.remove, "Names of cookies that are removed.");
  table.read("set", out.set, "Cookies that replace those of the same name.");
  compileValues(table, "set", out.set, {});
  for (const auto& [name, value] : out.set) {
    if (!http::isToken(name)) table.fail("set", "\"" + name + "\" is not the name of a cookie");
  }
}

bool CookieChanges::drops(std::string_view name) const {
  return std::find(remove.begin(), remove.end(), name) != remove.end() ||
         std::any_of(set.begin(), set.end(), [&](const auto& each) { return each.first == name; });
}

// The values of `set`; those that cannot be values of cookies are empty.
std::span<const std::string_view> CookieChanges::values(const HeadFacts& facts) const {
  auto* const values = facts.arena.array<std::string_view>(set.size());
  for (std::size_t i = 0; i < set.size(); ++i) {
    const std::string_view value = set[i].second.evaluate(facts).value_or(std::string_view());
    if (!isCookieValue(value)) ++facts.dropped;
    values[i] = isCookieValue(value) ? value : std::string_view();
  }
  return {values, set.size()};
}

void CookieChanges::apply(http::Headers& headers, const HeadFacts& facts) const {
  constexpr std::string_view kBetween = "; ";
  const std::span<const std::string_view> added = values(facts);
  std::size_t room = 0;
  for (std::size_t i = 0; i < added.size(); ++i) {
    room += set[i].first.size() + added[i].size() + 1 + kBetween.size();
  }
  ArenaWriter cookies(facts.arena, room + roomForCookies(headers));
  bool any = false;
  const auto begin = [&] {
    if (std::exchange(any, true)) cookies.put(kBetween);
  };
  for (const http::Header& field : headers) {
    if (field.id != HeaderId::kCookie) continue;
    forEachPart(field.value, [&](std::string_view part) {
      if (drops(nameOfPart(part))) return;
      begin();
      cookies.put(part);
    });
  }
  for (std::size_t i = 0; i < added.size(); ++i) {
    if (added[i].empty()) continue;
    begin();
    cookies.put(set[i].first).put('=').put(added[i]);
  }
  headers.remove(HeaderId::kCookie);
  if (any) headers.add(HeaderId::kCookie, cookies.text());
}

void CookieAttributes::read(config::Table& table, CookieAttributes& out) {
  table.read("names", out.names, "Names of the cookies that are changed. Default: all.");
  table.read("secure", out.secure, "Whether cookies are only sent over TLS (`Secure`).");
  table.read("http_only", out.http_only, "Whether scripts cannot read cookies (`HttpOnly`).");
  table.read("same_site", out.same_site, kSameSites,
             "Whether requests of other sites have the cookies (`SameSite`).");
  table.read("path", out.path, "Path of the cookies, instead of the upstream's.", {.min_size = 1});
  table.read("domain", out.domain, "Domain of the cookies; empty: the host alone.");
  if (out.path && !isAttributeText(*out.path)) table.fail("path", "is not a path");
  if (out.domain && !isAttributeText(*out.domain)) table.fail("domain", "is not a domain");
  if (out.same_site == SameSite::kNone && out.secure != true) {
    table.warn("same_site", "browsers refuse cookies with SameSite=None that are not Secure",
               "secure = true");
  }
}

bool CookieAttributes::concerns(std::string_view cookie) const {
  return names.empty() || std::find(names.begin(), names.end(), nameOfPart(cookie)) != names.end();
}

bool CookieAttributes::replaces(std::string_view attribute) const {
  const auto is = [&](std::string_view name) { return http::equalsIgnoringCase(attribute, name); };
  return (secure && is("secure")) || (http_only && is("httponly")) ||
         (same_site && is("samesite")) || (path && is("path")) || (domain && is("domain"));
}

std::string_view CookieAttributes::rewrite(std::string_view cookie, Arena& arena) const {
  constexpr std::size_t kFixed = 96;  // the names of all attributes
  const std::size_t texts = (path ? path->size() : 0) + (domain ? domain->size() : 0);
  ArenaWriter text(arena, 2 * cookie.size() + texts + kFixed);
  bool first = true;
  forEachPart(cookie, [&](std::string_view part) {
    if (!first && replaces(nameOfPart(part))) return;
    if (!std::exchange(first, false)) text.put("; ");
    text.put(part);
  });
  if (domain && !domain->empty()) text.put("; Domain=").put(*domain);
  if (path) text.put("; Path=").put(*path);
  if (secure.value_or(false)) text.put("; Secure");
  if (http_only.value_or(false)) text.put("; HttpOnly");
  if (same_site) {
    text.put("; SameSite=").put(kSameSiteValues[static_cast<std::size_t>(*same_site)]);
  }
  return text.text();
}

void CookieAttributes::apply(http::Headers& headers) const {
  for (http::Header& field : headers) {
    if (field.id != HeaderId::kSetCookie || !concerns(field.value)) continue;
    field.value = rewrite(field.value, headers.arena());
  }
}

}  // namespace weir::gateway
