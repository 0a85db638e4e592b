#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>

namespace weir::redis {

using Words = std::span<const std::string_view>;

// Appends a command as the server reads it: its name and arguments, whatever bytes they contain.
inline void appendCommand(std::string& to, Words words) {
  const auto number = [&to](char type, std::size_t value) {
    std::array<char, std::numeric_limits<std::size_t>::digits10 + 1> digits{};
    const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    to.push_back(type);
    to.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
    to.append("\r\n");
  };
  number('*', words.size());
  for (const std::string_view word : words) {
    number('$', word.size());
    to.append(word).append("\r\n");
  }
}

}  // namespace weir::redis
