#include "core/http/query.h"

#include <algorithm>
#include <cstddef>

#include "core/http/escapes.h"

namespace weir::http {
namespace {

// Removes one byte, decoded, from the front.
char takeDecoded(std::string_view& text) {
  const int escaped = escapedByte(text);
  const char c = escaped >= 0 ? static_cast<char>(escaped) : text.front();
  text.remove_prefix(escaped >= 0 ? 3 : 1);
  return c == '+' && escaped < 0 ? ' ' : c;
}

bool equalsDecoded(std::string_view raw, std::string_view name) {
  if (raw.size() < name.size()) return false;  // decoding never lengthens
  for (const char c : name) {
    if (raw.empty() || takeDecoded(raw) != c) return false;
  }
  return raw.empty();
}

}  // namespace

std::optional<std::string_view> findQueryParameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (equalsDecoded(pair.substr(0, equals), name)) {
      return equals == pair.size() ? std::string_view() : pair.substr(equals + 1);
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return std::nullopt;
}

std::string_view decodeQueryText(std::string_view text, Arena& arena) {
  if (text.find_first_of("%+") == std::string_view::npos) return text;
  char* const start = arena.allocate(text.size());
  const char* const end = start + text.size();
  char* to = start;
  while (!text.empty()) *to++ = takeDecoded(text);
  arena.giveBack(to, end);
  return {start, static_cast<std::size_t>(to - start)};
}

}  // namespace weir::http
