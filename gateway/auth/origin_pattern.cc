#include "gateway/auth/origin_pattern.h"

#include <algorithm>

#include "core/base/lower_case.h"
#include "core/http/syntax.h"

namespace weir::gateway {
namespace {

constexpr std::string_view kAfterScheme = "://";

bool isScheme(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
}

bool isHostByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool isSameByte(char one, char other) { return one == lowerCase(other); }

}  // namespace

std::optional<OriginPattern> OriginPattern::parse(std::string_view text) {
  OriginPattern pattern;
  pattern.text_ = lowerCase(text);
  if (text == "*" || text == "null") return pattern;
  const std::string_view lower = pattern.text_;
  const std::size_t scheme = lower.find(kAfterScheme);
  if (scheme == std::string_view::npos || !isScheme(lower.substr(0, scheme))) {
    return std::nullopt;
  }
  const std::size_t host = scheme + kAfterScheme.size();
  std::string authority = pattern.text_.substr(host);
  if (authority.starts_with('*')) {
    pattern.wildcard_ = host;
    const std::string_view rest = lower.substr(host + 1);
    if (!rest.empty() && rest.front() != '.' && rest.front() != ':') return std::nullopt;
    authority.front() = 'a';
  }
  const bool good = http::isAuthority(authority) && authority.find('*') == std::string::npos &&
                    authority.find_first_of("/?#@ ") == std::string::npos;
  if (!good) return std::nullopt;
  return pattern;
}

bool OriginPattern::matches(std::string_view origin) const {
  if (isAny()) return true;
  if (wildcard_ == kNone) return std::ranges::equal(text_, origin, isSameByte);
  const std::string_view text = text_;
  const std::string_view before = text.substr(0, wildcard_);
  const std::string_view after = text.substr(wildcard_ + 1);
  if (origin.size() <= before.size() + after.size()) return false;
  const std::string_view host =
      origin.substr(before.size(), origin.size() - before.size() - after.size());
  return std::ranges::equal(before, origin.substr(0, before.size()), isSameByte) &&
         std::ranges::equal(after, origin.substr(origin.size() - after.size()), isSameByte) &&
         std::ranges::all_of(host, [](char c) { return isHostByte(lowerCase(c)); });
}

}  // namespace weir::gateway
