#include "core/base/hash.h"

#include <bit>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(StableHash, IsTheSameInEveryRelease) {
  EXPECT_EQ(stableHash(""), 0xefd01f60ba992926);
  EXPECT_EQ(stableHash("10.0.0.1:80"), 0x5ed8f8275e47a14a);
}

TEST(StableHash, DependsOnEveryByteAndTheSeed) {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 10'000; ++i) seen.insert(stableHash("user-" + std::to_string(i)));
  for (std::uint64_t seed = 1; seed <= 1'000; ++seed) seen.insert(stableHash("user-0", seed));
  EXPECT_EQ(seen.size(), 11'000U);
}

TEST(StableHash, ChangesAboutHalfOfTheBits) {
  int changed = 0;
  for (int i = 0; i < 1'000; ++i) {
    const std::string text = std::to_string(i);
    changed += std::popcount(stableHash(text + "a") ^ stableHash(text + "b"));
  }
  EXPECT_NEAR(changed / 1'000.0, 32, 1);
}

}  // namespace
}  // namespace weir
