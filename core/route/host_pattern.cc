#include "core/route/host_pattern.h"

#include <algorithm>

#include "core/http/message.h"
#include "core/route/ip_range.h"

namespace weir::route {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool isHostByte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' || c == '.';
}

bool isName(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), isHostByte) &&
         text.front() != '.' && text.find("..") == text.npos;
}

}  // namespace

HostKey::HostKey(std::string_view authority) {
  std::string_view host = http::hostOf(authority);
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.size() > kMaxBytes) return;
  std::transform(host.begin(), host.end(), text_, lower);
  size_ = host.size();
}

std::optional<HostPattern> HostPattern::parse(std::string_view text) {
  if (text == "*") return HostPattern{};
  HostPattern pattern;
  pattern.kind = text.starts_with("*.") ? Kind::kSuffix : Kind::kExact;
  const std::string_view name = pattern.kind == Kind::kSuffix ? text.substr(2) : text;
  const bool bare_v6 = IpAddress::parse(name).has_value() && name.find(':') != name.npos;
  const HostKey key(bare_v6 ? "[" + std::string(name) + "]" : std::string(name));
  pattern.text = key.text();
  const bool v6 = IpAddress::parse(pattern.text) && pattern.text.find(':') != std::string::npos;
  if (v6 && pattern.kind == Kind::kExact) return pattern;
  if (isName(pattern.text) && name.find(':') == name.npos) return pattern;
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
