#include "core/config/key_depth.h"

#include <algorithm>

namespace weir::config {
namespace {

// The end of the string that begins at `begin`: after its closing quotes or, if it is not closed,
// at the end of the text or line.
std::size_t endOfString(std::string_view text, std::size_t begin) {
  const bool escapes = text[begin] == '"';
  const std::string_view triple = escapes ? R"(""")" : "'''";
  const bool many_lines = text.substr(begin).starts_with(triple);
  const std::string_view quotes = many_lines ? triple : triple.substr(2);
  std::size_t at = begin + quotes.size();
  while (at < text.size()) {
    if (text.substr(at).starts_with(quotes)) return at + quotes.size();
    if (!many_lines && text[at] == '\n') return at;
    at += escapes && text[at] == '\\' ? 2 : 1;
  }
  return text.size();
}

}  // namespace

std::uint32_t lineOfDeepKey(std::string_view text, std::size_t most) {
  std::size_t dots = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      at = endOfString(text, at);
      continue;
    }
    if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    if (c == '\n' || c == '=' || c == ',' || c == '{') dots = 0;
    if (c == '.' && ++dots > most) {
      const auto lines =
          std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
      return static_cast<std::uint32_t>(lines) + 1;
    }
    ++at;
  }
  return 0;
}

}  // namespace weir::config
