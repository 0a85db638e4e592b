#include "gateway/auth/credential.h"

#include <algorithm>
#include <utility>

#include "core/base/arena_string.h"
#include "core/http/syntax.h"

namespace weir::gateway::authn {
namespace {

// The rest of a value that begins with the word `prefix`, in any case.
std::optional<std::string_view> afterPrefix(std::string_view value, std::string_view prefix) {
  if (prefix.empty()) return value;
  if (!http::equalsIgnoringCase(value.substr(0, prefix.size()), prefix)) return std::nullopt;
  value.remove_prefix(prefix.size());
  if (!value.empty() && value.front() != ' ') return std::nullopt;
  return http::trimmed(value);
}

// Calls visit(name, value) for each pair of a list such as "a=1; b=2".
template <typename Visit>
void forPairs(std::string_view list, char separator, Visit visit) {
  while (!list.empty()) {
    const std::string_view pair = list.substr(0, list.find(separator));
    list.remove_prefix(std::min(pair.size() + 1, list.size()));
    const std::string_view text = http::trimmed(pair);
    const std::size_t equals = text.find('=');
    const bool named = equals != std::string_view::npos;
    visit(text.substr(0, equals), named ? text.substr(equals + 1) : std::string_view());
  }
}

void add(Credential& found, std::string_view text) {
  found.text = text;
  ++found.count;
}

void findInHeaders(const http::Request& request, const CredentialPlace& place, Credential& found) {
  const http::HeaderId id = http::headerId(*place.header);
  std::size_t lines = 0;
  std::size_t before = found.count;
  for (const http::Header& field : request.headers) {
    if (field.id != id) continue;
    if (id == http::HeaderId::kOther && !http::equalsIgnoringCase(field.name, *place.header)) {
      continue;
    }
    ++lines;
    if (const auto text = afterPrefix(field.value, place.prefix)) add(found, *text);
  }
  const bool ambiguous = id == http::HeaderId::kAuthorization && lines > 1;
  if (ambiguous) found.count = std::max(found.count, before + 2);
}

void findInCookies(const http::Request& request, std::string_view name, Credential& found) {
  if (!request.headers.mayHave(http::HeaderId::kCookie)) return;
  for (const http::Header& field : request.headers) {
    if (field.id != http::HeaderId::kCookie) continue;
    forPairs(field.value, ';', [&](std::string_view cookie, std::string_view value) {
      if (cookie == name) add(found, value);
    });
  }
}

void findInQuery(const http::Request& request, std::string_view name, Credential& found) {
  forPairs(request.query, '&', [&](std::string_view parameter, std::string_view value) {
    if (parameter == name) add(found, value);
  });
}

// The list without the pairs of this name, in the arena.
std::string_view without(std::string_view list, char separator, std::string_view name,
                         Arena& arena) {
  ArenaString rest(arena, list.size() + 1);
  while (!list.empty()) {
    const std::string_view pair = list.substr(0, list.find(separator));
    list.remove_prefix(std::min(pair.size() + 1, list.size()));
    const std::string_view text = http::trimmed(pair);
    if (text.substr(0, text.find('=')) == name) continue;
    if (rest.size() > 0) {
      rest.append(separator);
      if (separator == ';') rest.append(' ');
    }
    rest.append(text);
  }
  return rest.finish();
}

void removeCookie(http::Request& request, std::string_view name) {
  http::Headers& headers = request.headers;
  for (http::Header& field : headers) {
    if (field.id == http::HeaderId::kCookie) {
      field.value = without(field.value, ';', name, headers.arena());
    }
  }
  headers.removeIf([](const http::Header& field) {
    return field.id == http::HeaderId::kCookie && field.value.empty();
  });
}

}  // namespace

void CredentialPlace::read(config::Table& table, CredentialPlace& out) {
  table.read("header", out.header, "Name of a header field.", {.min_size = 1});
  table.read("prefix", out.prefix,
             "Word before the credential in the header, such as `Bearer`. Default: none.");
  table.read("cookie", out.cookie, "Name of a cookie.", {.min_size = 1});
  table.read("query", out.query,
             "Name of a query parameter. It appears in logs of clients and servers.",
             {.min_size = 1});
  table.exactlyOneOf({"header", "cookie", "query"});
  if (out.header && !http::isToken(*out.header)) table.fail("header", "is not a name of a field");
  if (table.has("prefix") && !out.header) table.fail("prefix", "belongs to a header");
  if (!out.prefix.empty() && !http::isToken(out.prefix)) table.fail("prefix", "is not one word");
}

CredentialPlace headerPlace(std::string name, std::string prefix) {
  CredentialPlace place;
  place.header = std::move(name);
  place.prefix = std::move(prefix);
  return place;
}

CredentialPlace bearerHeader() { return headerPlace("authorization", "Bearer"); }

Credential findCredential(const http::Request& request,
                          const std::vector<CredentialPlace>& places) {
  Credential found;
  for (const CredentialPlace& place : places) {
    if (place.header) {
      findInHeaders(request, place, found);
    } else if (place.cookie) {
      findInCookies(request, *place.cookie, found);
    } else {
      findInQuery(request, *place.query, found);
    }
  }
  return found;
}

void removeCredentials(http::Request& request, const std::vector<CredentialPlace>& places) {
  for (const CredentialPlace& place : places) {
    if (place.header) {
      request.headers.remove(*place.header);
    } else if (place.cookie) {
      removeCookie(request, *place.cookie);
    } else {
      request.query = without(request.query, '&', *place.query, request.headers.arena());
      request.has_query = !request.query.empty();
    }
  }
}

}  // namespace weir::gateway::authn
