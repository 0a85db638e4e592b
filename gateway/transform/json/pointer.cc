#include "gateway/transform/json/pointer.h"

#include <algorithm>

#include "core/base/number.h"

namespace weir::gateway::json {
namespace {

// "~0" is "~" and "~1" is "/". False for any other "~".
bool unescapeToken(std::string_view text, std::string& token) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '~') {
      token += text[i];
      continue;
    }
    ++i;
    if (i == text.size() || (text[i] != '0' && text[i] != '1')) return false;
    token += text[i] == '0' ? '~' : '/';
  }
  return true;
}

}  // namespace

std::optional<Pointer> Pointer::parse(std::string_view text, bool several, std::string& why) {
  Pointer pointer;
  pointer.several_ = several;
  if (text.empty()) return pointer;
  if (text.front() != '/') {
    why = "a JSON pointer begins with \"/\"";
    return std::nullopt;
  }
  while (!text.empty()) {
    text.remove_prefix(1);
    const std::size_t end = std::min(text.find('/'), text.size());
    std::string& token = pointer.tokens_.emplace_back();
    if (!unescapeToken(text.substr(0, end), token)) {
      why = "\"~\" is written as \"~0\", and \"/\" in a name as \"~1\"";
      return std::nullopt;
    }
    text.remove_prefix(end);
  }
  if (pointer.tokens_.size() <= kMaxTokens) return pointer;
  why = "has more than " + std::to_string(kMaxTokens) + " parts";
  return std::nullopt;
}

std::optional<std::size_t> Pointer::indexOf(std::string_view token) {
  if (token.empty() || (token.size() > 1 && token.front() == '0')) return std::nullopt;
  const auto index = parseNumber<std::size_t>(token);
  return index && *index <= kMaxIndex ? index : std::nullopt;
}

}  // namespace weir::gateway::json
