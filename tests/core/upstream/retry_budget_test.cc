#include "core/upstream/retry_budget.h"

#include <gtest/gtest.h>

namespace weir::upstream {
namespace {

constexpr Milliseconds kStart{5'000'000};

int retriesGranted(RetryBudget& budget, Milliseconds now, int wanted) {
  int granted = 0;
  for (int i = 0; i < wanted; ++i) granted += budget.tryRetry(now) ? 1 : 0;
  return granted;
}

void sendRequests(RetryBudget& budget, Milliseconds now, int count) {
  for (int i = 0; i < count; ++i) budget.onRequest(now);
}

// `per_second` requests in each of `seconds` seconds, all of which need a retry; returns the number
// of retries in the last second.
int retriesInSteadyFailure(RetryBudget& budget, int per_second, int seconds) {
  int granted = 0;
  for (int second = 0; second < seconds; ++second) {
    const Milliseconds now = kStart + Milliseconds(1000 * second);
    sendRequests(budget, now, per_second);
    granted = retriesGranted(budget, now, per_second);
  }
  return granted;
}

class RetryBudgetTest : public ::testing::Test {
 protected:
  RetryTokens tokens;
};

TEST_F(RetryBudgetTest, GrantsItsReserveWithoutTraffic) {
  RetryBudget budget(tokens);
  EXPECT_EQ(retriesGranted(budget, kStart, 1000), 10);
  EXPECT_EQ(budget.tokens(kStart), 0U);
}

TEST_F(RetryBudgetTest, GrantsAFifthOfTheRequestsOnTop) {
  RetryBudget budget(tokens);
  sendRequests(budget, kStart, 1000);
  EXPECT_EQ(budget.tokens(kStart), 210U);
  EXPECT_EQ(retriesGranted(budget, kStart, 1000), 210);
}

TEST_F(RetryBudgetTest, NeedsFiveRequestsForOneRetry) {
  RetryBudget budget(tokens, {.percent = 20, .per_second = 0});
  sendRequests(budget, kStart, 4);
  EXPECT_FALSE(budget.tryRetry(kStart));
  sendRequests(budget, kStart, 1);
  EXPECT_TRUE(budget.tryRetry(kStart));
  EXPECT_FALSE(budget.tryRetry(kStart));
}

TEST_F(RetryBudgetTest, ForgetsRequestsAfterTenSeconds) {
  RetryBudget budget(tokens, {.percent = 20, .per_second = 0});
  sendRequests(budget, kStart, 50);
  EXPECT_EQ(budget.tokens(kStart + Milliseconds(9'999)), 10U);
  EXPECT_EQ(budget.tokens(kStart + Milliseconds(10'000)), 0U);
}

TEST_F(RetryBudgetTest, HasTheReserveAgainInEachSecond) {
  RetryBudget budget(tokens);
  EXPECT_EQ(retriesGranted(budget, kStart, 1000), 10);
  EXPECT_EQ(retriesGranted(budget, kStart + Milliseconds(999), 1000), 0);
  EXPECT_EQ(retriesGranted(budget, kStart + Milliseconds(1'000), 1000), 10);
}

TEST_F(RetryBudgetTest, SavesForTenSecondsWhatRequestsAdd) {
  RetryBudget budget(tokens);
  sendRequests(budget, kStart, 1000);
  EXPECT_EQ(retriesGranted(budget, kStart + Milliseconds(9'000), 1000), 200);
}

TEST_F(RetryBudgetTest, StartsAnewAfterALongPause) {
  RetryBudget budget(tokens);
  sendRequests(budget, kStart, 1000);
  EXPECT_EQ(retriesGranted(budget, kStart, 1000), 210);
  EXPECT_EQ(budget.tokens(kStart + Milliseconds(86'400'000)), 10U);
}

// However long it fails: nothing is granted twice when the window moves on.
TEST_F(RetryBudgetTest, HoldsRetriesOfAFailingClusterToAFifthPlusTheReserve) {
  RetryBudget budget(tokens);
  int granted = 0;
  for (int second = 0; second < 60; ++second) {
    const Milliseconds now = kStart + Milliseconds(1000 * second);
    sendRequests(budget, now, 1000);
    granted += retriesGranted(budget, now, 1000);
    EXPECT_LE(granted, 210 * (second + 1));
  }
  EXPECT_EQ(granted, 60 * 210);
}

// A failure after a time of success.
TEST_F(RetryBudgetTest, DoesNotGrantTwiceWhatWasSaved) {
  RetryBudget budget(tokens);
  int granted = 0;
  for (int second = 0; second < 40; ++second) {
    const Milliseconds now = kStart + Milliseconds(1000 * second);
    sendRequests(budget, now, 1000);
    if (second >= 5 && second % 7 != 0) granted += retriesGranted(budget, now, 5000);
    EXPECT_LE(granted, 210 * (second + 1));
  }
}

TEST_F(RetryBudgetTest, SettlesAtTheRateThatIsAllowed) {
  RetryBudget budget(tokens, {.percent = 50, .per_second = 0});
  EXPECT_EQ(retriesInSteadyFailure(budget, 100, 30), 50);
}

TEST_F(RetryBudgetTest, WithNothingAllowedGrantsNothing) {
  RetryBudget budget(tokens, {.percent = 0, .per_second = 0});
  EXPECT_EQ(retriesInSteadyFailure(budget, 100, 3), 0);
}

TEST_F(RetryBudgetTest, TakesNewOptionsAtOnce) {
  RetryBudget budget(tokens);
  EXPECT_EQ(budget.tokens(kStart), 10U);
  budget.configure({.percent = 20, .per_second = 2});
  EXPECT_EQ(budget.tokens(kStart), 2U);
}

TEST_F(RetryBudgetTest, SurvivesBeingTightenedBelowWhatWasTaken) {
  RetryBudget budget(tokens);
  EXPECT_EQ(retriesGranted(budget, kStart, 8), 8);
  budget.configure({.percent = 20, .per_second = 1});
  EXPECT_EQ(budget.tokens(kStart), 0U);
  EXPECT_FALSE(budget.tryRetry(kStart));
  EXPECT_EQ(budget.tokens(kStart + Milliseconds(1'000)), 1U);
}

TEST_F(RetryBudgetTest, IsSharedByWorkers) {
  RetryBudget one(tokens);
  RetryBudget other(tokens);
  sendRequests(one, kStart, 500);
  sendRequests(other, kStart, 500);
  EXPECT_EQ(one.tokens(kStart) + other.tokens(kStart), 2U * 210U - 4U);  // what `other` collected
  EXPECT_EQ(retriesGranted(one, kStart, 200), 200);
  EXPECT_EQ(retriesGranted(other, kStart, 200), 10);
}

// As if two threads had taken the last token at the same moment.
TEST_F(RetryBudgetTest, NeverGrantsMoreThanThereIs) {
  RetryBudget budget(tokens, {.percent = 20, .per_second = 1});
  tokens.add(-50, kStart);
  EXPECT_FALSE(budget.tryRetry(kStart));
  tokens.add(50, kStart);
  EXPECT_TRUE(budget.tryRetry(kStart));
  EXPECT_FALSE(budget.tryRetry(kStart));
}

}  // namespace
}  // namespace weir::upstream
