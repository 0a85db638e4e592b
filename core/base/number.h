#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace weir {

// Reads the whole text as a number in base 10 (or `base`) without sign, space or prefix; nullopt if
// a byte is left over or the value does not fit. Numbers in untrusted text are read only by this.
template <typename T>
std::optional<T> parseNumber(std::string_view text, int base = 10) {
  T value{};
  if (text.empty() || text.front() == '-' || text.front() == '+') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace weir
