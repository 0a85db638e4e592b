#pragma once

#include <algorithm>
#include <string>
#include <string_view>

// Checks of a peer's bytes before they are written into a head, a name or a log.
namespace weir {

// A byte of a field value (RFC 9110, 5.5): no control character but the tab. CR, LF and NUL would
// end the line or the value.
constexpr bool isFieldByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= ' ' || byte == '\t') && byte != 0x7F;
}

constexpr bool isFieldText(std::string_view text) {
  return std::all_of(text.begin(), text.end(), isFieldByte);
}

// True if `text` is not empty and ASCII without spaces and control characters, as all names are.
constexpr bool isVisibleAscii(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

// For a log or a message: at most `limit` bytes, with "?" for all but printable ASCII.
inline std::string printable(std::string_view text, std::size_t limit) {
  std::string out(text.substr(0, limit));
  for (char& c : out) c = c >= ' ' && c <= '~' ? c : '?';
  if (text.size() > limit) out += "...";
  return out;
}

}  // namespace weir
