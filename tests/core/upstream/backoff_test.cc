#include "core/upstream/backoff.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace weir::upstream {
namespace {

std::vector<Milliseconds> pauses(const Backoff& backoff, unsigned retry, int count) {
  Random random(7);
  std::vector<Milliseconds> drawn;
  for (int i = 0; i < count; ++i) drawn.push_back(backoffPause(backoff, retry, random));
  return drawn;
}

TEST(Backoff, DoublesTheLimitUpToTheMaximum) {
  const Backoff backoff;
  EXPECT_EQ(backoffLimit(backoff, 0), Milliseconds(25));
  EXPECT_EQ(backoffLimit(backoff, 1), Milliseconds(50));
  EXPECT_EQ(backoffLimit(backoff, 2), Milliseconds(100));
  EXPECT_EQ(backoffLimit(backoff, 3), Milliseconds(200));
  EXPECT_EQ(backoffLimit(backoff, 4), Milliseconds(250));
  EXPECT_EQ(backoffLimit(backoff, 4'000'000'000U), Milliseconds(250));
}

TEST(Backoff, KeepsTheMaximumBelowTheBase) {
  EXPECT_EQ(backoffLimit({.base = Milliseconds(500), .max = Milliseconds(100)}, 0),
            Milliseconds(100));
}

TEST(Backoff, DrawsPausesFromTheWholeRangeBelowTheLimit) {
  const auto drawn = pauses({}, 1, 10'000);
  const auto [least, most] = std::minmax_element(drawn.begin(), drawn.end());
  EXPECT_EQ(*least, Milliseconds(0));
  EXPECT_EQ(*most, Milliseconds(49));
}

TEST(Backoff, DrawsPausesEvenly) {
  const auto drawn = pauses({}, 2, 10'000);
  const auto early = std::count_if(drawn.begin(), drawn.end(),
                                   [](Milliseconds pause) { return pause < Milliseconds(50); });
  EXPECT_NEAR(static_cast<double>(early), 5'000, 200);
}

TEST(Backoff, WithoutABaseDoesNotPause) {
  Random random(7);
  EXPECT_EQ(backoffPause({.base = Milliseconds(0), .max = Milliseconds(250)}, 5, random),
            Milliseconds(0));
}

}  // namespace
}  // namespace weir::upstream
