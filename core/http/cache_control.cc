#include "core/http/cache_control.h"

#include <algorithm>
#include <cstdint>

#include "core/base/number.h"
#include "core/http/header_id.h"
#include "core/http/syntax.h"

namespace weir::http {
namespace {

// The argument of a directive, without quotation marks.
std::string_view argumentOf(std::string_view directive) {
  std::string_view text = trimmed(directive.substr(directive.find('=') + 1));
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  return text;
}

}  // namespace

void CacheControl::add(std::string_view value) {
  forEachToken(value, [this](std::string_view directive) {
    const std::string_view name = trimmed(directive.substr(0, directive.find('=')));
    const auto is = [name](std::string_view word) { return equalsIgnoringCase(name, word); };
    no_store |= is("no-store");
    no_cache |= is("no-cache");
    is_private |= is("private");
    if (!is("max-age")) return;
    const auto seconds = parseNumber<std::uint32_t>(argumentOf(directive));
    const Milliseconds age = std::chrono::seconds(seconds.value_or(0));
    max_age = std::min(max_age.value_or(age), age);
  });
}

}  // namespace weir::http
