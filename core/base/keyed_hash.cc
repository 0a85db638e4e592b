#include "core/base/keyed_hash.h"

#include <bit>
#include <cstring>

#include "core/base/random.h"

namespace weir {
namespace {

static_assert(std::endian::native == std::endian::little);

KeyedHash::Key systemKey() {
  // Two generators, each with a seed of 64 bits: neither word of the key follows from the other.
  return {Random().next(), Random().next()};
}

using SipState = std::array<std::uint64_t, 4>;

inline void sipRound(SipState& v) {
  v[0] += v[1];
  v[2] += v[3];
  v[1] = std::rotl(v[1], 13) ^ v[0];
  v[3] = std::rotl(v[3], 16) ^ v[2];
  v[0] = std::rotl(v[0], 32) + v[3];
  v[2] += v[1];
  v[3] = std::rotl(v[3], 21) ^ v[0];
  v[1] = std::rotl(v[1], 17) ^ v[2];
  v[2] = std::rotl(v[2], 32);
}

inline void absorb(SipState& v, std::uint64_t word) {
  v[3] ^= word;
  sipRound(v);
  v[0] ^= word;
}

}  // namespace

KeyedHash::KeyedHash() : KeyedHash(systemKey()) {}

KeyedHash::KeyedHash(const Key& key)
    : start_{key[0] ^ 0x736F6D6570736575U, key[1] ^ 0x646F72616E646F6DU,
             key[0] ^ 0x6C7967656E657261U, key[1] ^ 0x7465646279746573U} {}

std::uint64_t KeyedHash::operator()(std::string_view text, std::uint64_t before) const {
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  SipState state = start_;
  absorb(state, before);
  std::uint64_t word = 0;
  const std::uint64_t length = kWord + text.size();
  for (; text.size() >= kWord; text.remove_prefix(kWord)) {
    std::memcpy(&word, text.data(), kWord);
    absorb(state, word);
  }
  word = 0;
  if (!text.empty()) std::memcpy(&word, text.data(), text.size());
  absorb(state, word | length << 56U);
  state[2] ^= 0xFF;
  sipRound(state);
  sipRound(state);
  sipRound(state);
  return state[0] ^ state[1] ^ state[2] ^ state[3];
}

}  // namespace weir
