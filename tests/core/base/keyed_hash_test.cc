#include "core/base/keyed_hash.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr KeyedHash::Key kKey = {0x0706050403020100U, 0x0F0E0D0C0B0A0908U};
constexpr std::uint64_t kBefore = 0x0706050403020100U;

struct Known {
  std::size_t size;  // the message is the bytes 0, 1, 2 ... size - 1
  std::uint64_t
      digest;  // as bytes, from: openssl mac -macopt c-rounds:1 -macopt d-rounds:3 siphash
};

class KnownHash : public testing::TestWithParam<Known> {};

TEST_P(KnownHash, IsThatOfOpenssl) {
  std::string text;
  for (std::size_t i = 8; i < GetParam().size; ++i) text += static_cast<char>(i);
  EXPECT_EQ(__builtin_bswap64(KeyedHash(kKey)(text, kBefore)), GetParam().digest);
}

INSTANTIATE_TEST_SUITE_P(
    KeyedHash, KnownHash,
    testing::Values(Known{8, 0x8E9A298D11959036U}, Known{9, 0xE43D066CB38EA425U},
                    Known{15, 0x5699512A6DD820D3U}, Known{16, 0x668B907D1ADD4FCCU},
                    Known{24, 0x8C9C3467B2AE64F4U}, Known{39, 0x9283107B54576B62U}));

TEST(KeyedHash, DependsOnTheKeyAndOnTheTextBefore) {
  const KeyedHash hash(kKey);
  EXPECT_EQ(hash("203.0.113.7"), KeyedHash(kKey)("203.0.113.7"));
  EXPECT_NE(hash("203.0.113.7"), KeyedHash({1, 2})("203.0.113.7"));
  EXPECT_NE(hash("203.0.113.7"), hash("203.0.113.7", 1));
}

TEST(KeyedHash, HasARandomKeyByDefault) { EXPECT_NE(KeyedHash()("a"), KeyedHash()("a")); }

}  // namespace
}  // namespace weir
