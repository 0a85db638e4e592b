#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weir::http {

inline constexpr std::string_view kUpperHexDigits = "0123456789ABCDEF";

// RFC 3986, 2.3: characters that never need an escape.
constexpr bool isUnreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

constexpr int hexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The byte encoded by an escape at the start of `text`; -1 if there is none.
constexpr int escapedByte(std::string_view text) {
  if (text.size() < 3 || text[0] != '%') return -1;
  const int high = hexValue(text[1]);
  const int low = hexValue(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

// Writes the three bytes of an escape; returns the end.
constexpr char* writeEscape(char c, char* to) {
  const auto byte = static_cast<unsigned char>(c);
  *to++ = '%';
  *to++ = kUpperHexDigits[byte >> 4];
  *to++ = kUpperHexDigits[byte & 0xF];
  return to;
}

// Writes the text as a part of a query or form, at most three times as long: all but unreserved
// characters are escaped. Returns the end.
constexpr char* writeEscaped(std::string_view text, char* to) {
  for (const char c : text) {
    if (isUnreserved(c)) {
      *to++ = c;
    } else {
      to = writeEscape(c, to);
    }
  }
  return to;
}

inline void appendEscaped(std::string_view text, std::string& to) {
  const std::size_t before = to.size();
  to.resize(before + text.size() * 3);
  to.resize(static_cast<std::size_t>(writeEscaped(text, to.data() + before) - to.data()));
}

}  // namespace weir::http
