#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

// SipHash-1-3: a hash with a secret key, so that a peer can neither find two texts with the same
// hash nor guess a hash. For tables whose keys come from peers; not for signatures.
class KeyedHash {
 public:
  using Key = std::array<std::uint64_t, 2>;

  KeyedHash();  // with a key from the operating system
  explicit KeyedHash(const Key& key);

  // The hash of the 8 bytes of `before`, little-endian, and then `text`. Several texts have one
  // hash if each hash is the `before` of the next.
  std::uint64_t operator()(std::string_view text, std::uint64_t before = 0) const;

 private:
  std::array<std::uint64_t, 4> start_;
};

}  // namespace weir
