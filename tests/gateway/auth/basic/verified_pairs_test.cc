#include "gateway/auth/basic/verified_pairs.h"

#include <gtest/gtest.h>

namespace weir::gateway::basic {
namespace {

PairDigest pairOf(char first, char second) { return {first, 0, 0, 0, 0, 0, 0, 0, second}; }

TEST(VerifiedPairs, KeepsAPairUntilItsTime) {
  VerifiedPairs pairs;
  EXPECT_FALSE(pairs.has(pairOf(1, 1), Milliseconds(0)));
  pairs.add(pairOf(1, 1), Milliseconds(100));
  EXPECT_TRUE(pairs.has(pairOf(1, 1), Milliseconds(99)));
  EXPECT_FALSE(pairs.has(pairOf(1, 1), Milliseconds(100)));
  EXPECT_FALSE(pairs.has(pairOf(1, 2), Milliseconds(0)));
  pairs.add(pairOf(1, 1), Milliseconds(200));
  EXPECT_TRUE(pairs.has(pairOf(1, 1), Milliseconds(150)));
  pairs.clear();
  EXPECT_FALSE(pairs.has(pairOf(1, 1), Milliseconds(0)));
}

TEST(VerifiedPairs, ForgetsTheOneThatWouldEndFirst) {
  VerifiedPairs pairs;
  for (char i = 1; i <= 4; ++i) pairs.add(pairOf(1, i), Milliseconds(100 + i));
  pairs.add(pairOf(1, 5), Milliseconds(200));
  EXPECT_FALSE(pairs.has(pairOf(1, 1), Milliseconds(0)));
  for (char i = 2; i <= 5; ++i) EXPECT_TRUE(pairs.has(pairOf(1, i), Milliseconds(0)));
}

}  // namespace
}  // namespace weir::gateway::basic
