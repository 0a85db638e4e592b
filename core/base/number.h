#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace weir {

// The whole text as a base-10 (or `base`) number without sign, space or prefix; nothing when any
// byte is left over or the value does not fit. The only way numbers are read from foreign text.
template <typename T>
std::optional<T> parseNumber(std::string_view text, int base = 10) {
  T value{};
  if (text.empty() || text.front() == '-' || text.front() == '+') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace weir
