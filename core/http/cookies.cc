#include "core/http/cookies.h"

#include <algorithm>

#include "core/http/syntax.h"

namespace weir::http {
namespace {

std::optional<std::string_view> findPair(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const std::string_view pair = list.substr(0, list.find(';'));
    list.remove_prefix(std::min(pair.size() + 1, list.size()));
    const std::string_view text = trimmed(pair);
    if (text.size() > name.size() && text[name.size()] == '=' && text.starts_with(name)) {
      return text.substr(name.size() + 1);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> findCookie(const Headers& headers, std::string_view name) {
  if (!headers.mayHave(HeaderId::kCookie)) return std::nullopt;
  for (const Header& field : headers) {
    if (field.id != HeaderId::kCookie) continue;
    if (const auto value = findPair(field.value, name)) return value;
  }
  return std::nullopt;
}

bool isCookieName(std::string_view text) { return isToken(text); }

}  // namespace weir::http
