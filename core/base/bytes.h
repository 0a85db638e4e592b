#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace weir {

// Bytes owned elsewhere; the function that passes them documents how long they are valid.
using Bytes = std::span<const char>;

inline Bytes asBytes(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view asText(Bytes bytes) { return {bytes.data(), bytes.size()}; }

inline constexpr std::size_t operator""_KiB(unsigned long long n) { return n * 1024; }
inline constexpr std::size_t operator""_MiB(unsigned long long n) { return n * 1024 * 1024; }

}  // namespace weir
