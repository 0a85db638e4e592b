#include "gateway/auth/forward_auth/cache_key.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/arena_writer.h"
#include "core/http/syntax.h"

namespace weir::gateway::forward_auth {
namespace {

constexpr std::string_view kHeaderPart = "header:";
constexpr std::string_view kCookiePart = "cookie:";
constexpr http::HeaderId kCredentialFields[] = {http::HeaderId::kAuthorization,
                                                http::HeaderId::kCookie};

authn::CredentialPlace cookiePlace(std::string_view name) {
  authn::CredentialPlace place;
  place.cookie = std::string(name);
  return place;
}

}  // namespace

std::optional<CacheKey::Part> CacheKey::parse(std::string_view text) {
  constexpr std::pair<std::string_view, Kind> kNames[] = {
      {"method", Kind::kMethod},    {"scheme", Kind::kScheme},
      {"host", Kind::kHost},        {"path", Kind::kPath},
      {"query", Kind::kQuery},      {"client_address", Kind::kClientAddress},
      {"identity", Kind::kIdentity}};
  for (const auto& [name, kind] : kNames) {
    if (text == name) return Part{kind, {}};
  }
  const std::string_view name = text.substr(std::min(kHeaderPart.size(), text.size()));
  if (!http::isToken(name)) return std::nullopt;
  if (text.starts_with(kHeaderPart)) {
    return Part{Kind::kCredential, {authn::headerPlace(std::string(name), "")}};
  }
  if (text.starts_with(kCookiePart)) return Part{Kind::kCredential, {cookiePlace(name)}};
  return std::nullopt;
}

CacheKey CacheKey::read(const std::vector<std::string>& parts, config::Table& table,
                        std::string_view setting) {
  CacheKey key;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (auto part = parse(parts[i])) {
      key.parts_.push_back(std::move(*part));
    } else {
      table.failElement(setting, i,
                        "is not a part of requests: use header:NAME, cookie:NAME, method, scheme, "
                        "host, path, query, client_address or identity");
    }
  }
  if (table.clean() && table.has(setting) && !key.has(Kind::kCredential) &&
      !key.has(Kind::kIdentity)) {
    table.fail(setting,
               "names no part that tells callers apart (header:NAME, cookie:NAME or identity), so "
               "that the answer for one would be used for others");
  }
  return key;
}

bool CacheKey::has(Kind kind) const {
  return std::ranges::find(parts_, kind, &Part::kind) != parts_.end();
}

bool CacheKey::covers(std::string_view header) const {
  const bool cookies = http::headerId(header) == http::HeaderId::kCookie;
  return std::ranges::any_of(parts_, [&](const Part& part) {
    if (part.kind != Kind::kCredential) return false;
    const authn::CredentialPlace& place = part.place.front();
    return place.header ? http::equalsIgnoringCase(*place.header, header) : cookies;
  });
}

std::optional<std::string_view> CacheKey::valueOf(const Part& part, const http::Request& request,
                                                  const filter::Control& control) {
  const auto given = [](std::string_view text) {
    return text.empty() ? std::nullopt : std::optional(text);
  };
  switch (part.kind) {
    case Kind::kMethod:
      return request.method_text;
    case Kind::kScheme:
      return request.scheme;
    case Kind::kHost:
      return request.authority;
    case Kind::kPath:
      return request.path;
    case Kind::kQuery:
      return request.has_query ? request.query : std::string_view();
    case Kind::kClientAddress:
      return given(control.clientAddress());
    case Kind::kIdentity:
      return given(control.record().client_identity);
    case Kind::kCredential:
      break;
  }
  const authn::Credential found = authn::findCredential(request, part.place);
  return found.count == 1 ? given(found.text) : std::nullopt;
}

bool CacheKey::coversCredentials(const http::Request& request,
                                 const filter::Control& control) const {
  for (const http::HeaderId id : kCredentialFields) {
    if (request.headers.find(id) != nullptr && !covers(http::headerName(id))) return false;
  }
  return control.record().client_identity.empty() || has(Kind::kIdentity);
}

// The length of each part comes first, so that the parts of different keys cannot be shifted.
std::optional<std::string_view> CacheKey::of(const http::Request& request,
                                             const filter::Control& control) const {
  constexpr std::size_t kLengthBytes = 8;
  if (!coversCredentials(request, control)) return std::nullopt;
  std::array<std::string_view, kMostParts> values;
  std::size_t size = 0;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const auto value = valueOf(parts_[i], request, control);
    if (!value) return std::nullopt;
    values.at(i) = *value;
    size += value->size() + kLengthBytes;
  }
  if (size > kMostBytes) return std::nullopt;
  ArenaWriter key(control.arena(), size);
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    key.number(values.at(i).size()).put(':').put(values.at(i));
  }
  return key.text();
}

}  // namespace weir::gateway::forward_auth
