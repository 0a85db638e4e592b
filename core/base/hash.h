#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

// Spreads the entropy of a number over all of its bits (the finalizer of MurmurHash3).
constexpr std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ (value >> 33)) * 0xff51afd7ed558ccd;
  value = (value ^ (value >> 33)) * 0xc4ceb9fe1a85ec53;
  return value ^ (value >> 33);
}

// A hash of a text that is the same in every process and every release, so that nodes agree on it.
// It does not resist texts that were chosen to collide.
constexpr std::uint64_t stableHash(std::string_view text, std::uint64_t seed = 0) {
  std::uint64_t hash = mixed(seed) ^ 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return mixed(hash);
}

}  // namespace weir
