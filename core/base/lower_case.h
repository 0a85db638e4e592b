#pragma once

#include <string>
#include <string_view>

namespace weir {

// ASCII only, independent of the locale: names in protocols contain no other letters.
constexpr char lowerCase(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string lowerCase(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) c = lowerCase(c);
  return lowered;
}

}  // namespace weir
