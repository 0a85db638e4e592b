#include "core/route/host_pattern.h"

#include <algorithm>

#include "core/base/ip_range.h"
#include "core/base/lower_case.h"
#include "core/route/short_text.h"

namespace weir::route {
namespace {

// The port is the part after the last colon, if it consists of digits. Usually there is none, and
// the last byte shows that.
std::string_view withoutPort(std::string_view authority) {
  std::size_t end = authority.size();
  while (end > 0 && authority[end - 1] >= '0' && authority[end - 1] <= '9') --end;
  return end > 0 && authority[end - 1] == ':' ? authority.substr(0, end - 1) : authority;
}

// True for every text with a byte from A to Z, and for some others.
bool mayHaveUpperCase(std::string_view text) {
  // The first addition sets the high bit for bytes from "A" on, the second one for those above "Z".
  const auto upper = [](std::uint64_t word) {
    return (word + kEachByte * (0x80 - 'A')) & ~(word + kEachByte * (0x7F - 'Z'));
  };
  std::uint64_t found = upper(lastWord(text));
  for (std::size_t at = 0; at + 8 < text.size(); at += 8) found |= upper(loadWord(&text[at]));
  return (found & kEachByte * 0x80) != 0;
}

bool isHostByte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' || c == '.';
}

bool isName(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), isHostByte) &&
         text.front() != '.' && text.find("..") == std::string_view::npos;
}

}  // namespace

HostKey::HostKey(std::string_view authority) {
  std::string_view host = withoutPort(authority);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.size() > kMaxBytes) return;
  text_ = host;
  if (!mayHaveUpperCase(host)) return;
  std::transform(host.begin(), host.end(), lowered_, [](char c) { return lowerCase(c); });
  text_ = {lowered_, host.size()};
}

std::optional<HostPattern> HostPattern::parse(std::string_view text) {
  if (text == "*") return HostPattern{};
  HostPattern pattern;
  pattern.kind = text.starts_with("*.") ? Kind::kSuffix : Kind::kExact;
  const std::string_view name = pattern.kind == Kind::kSuffix ? text.substr(2) : text;
  const bool bare_v6 = IpAddress::parse(name).ok() && name.find(':') != std::string_view::npos;
  const std::string authority = bare_v6 ? "[" + std::string(name) + "]" : std::string(name);
  const HostKey key(authority);
  pattern.text = key.text();
  const bool v6 =
      IpAddress::parse(pattern.text).ok() && pattern.text.find(':') != std::string::npos;
  if (v6 && pattern.kind == Kind::kExact) return pattern;
  if (isName(pattern.text) && name.find(':') == std::string_view::npos) return pattern;
  return std::nullopt;
}

bool HostPattern::matches(std::string_view host) const {
  switch (kind) {
    case Kind::kExact:
      return host == text;
    case Kind::kSuffix:
      return host.size() > text.size() + 1 && host.ends_with(text) &&
             host[host.size() - text.size() - 1] == '.';
    case Kind::kAny:
      return true;
  }
  return false;
}

std::string HostPattern::toString() const {
  switch (kind) {
    case Kind::kExact:
      return text;
    case Kind::kSuffix:
      return "*." + text;
    case Kind::kAny:
      return "*";
  }
  return "";
}

}  // namespace weir::route
