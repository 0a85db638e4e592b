#include "mesh/resilience/breaker.h"

#include <gtest/gtest.h>

#include "tests/mesh/balance/members.h"

namespace weir::mesh {
namespace {

using namespace std::chrono_literals;
using upstream::AttemptOutcome;
using upstream::Member;

class BreakerTest : public testing::Test, private upstream::GuardOwner {
 protected:
  void fail(std::size_t index, int times) {
    for (int i = 0; i < times; ++i) {
      breaker.onOutcome(*members[index], {AttemptOutcome::kOk, Reason::kNone, 503});
    }
  }
  void succeed(std::size_t index) { breaker.onOutcome(*members[index], {.status = 200}); }
  bool open(std::size_t index) const { return !breaker.mayPick(*members[index]); }
  int openOnes() const {
    int count = 0;
    for (std::size_t i = 0; i < members.all().size(); ++i) count += open(i) ? 1 : 0;
    return count;
  }
  // How long the endpoint stays out of use.
  Milliseconds outage(std::size_t index) {
    Milliseconds time{0};
    for (; open(index); time += 100ms) loop.advance(100ms);
    return time;
  }

  Members members{{1, 1, 1, 1}};
  Random random{1};
  event::Loop loop{event::Loop::Time::kManual};
  MetricCells cells;
  std::size_t candidates_count = 4;
  int changes = 0;
  Breaker breaker{{}, {loop, random, cells, 7, *this}};

 private:
  void onMayPickChanged() override { ++changes; }
  std::size_t candidates() const override { return candidates_count; }
};

TEST_F(BreakerTest, OpensAfterConsecutiveFailures) {
  fail(1, 6);
  EXPECT_FALSE(open(1));
  EXPECT_EQ(changes, 0);
  fail(1, 1);
  EXPECT_TRUE(open(1));
  EXPECT_FALSE(open(0));
  EXPECT_EQ(changes, 1);
}

TEST_F(BreakerTest, ASuccessStartsTheCountAnew) {
  fail(1, 6);
  succeed(1);
  fail(1, 6);
  EXPECT_FALSE(open(1));
}

TEST_F(BreakerTest, NeitherCancelledRequestsNorTooManyRequestsCount) {
  for (int i = 0; i < 20; ++i) {
    breaker.onOutcome(*members[1], {.result = AttemptOutcome::kCancel});
    breaker.onOutcome(*members[1], {.status = 429});
    breaker.onOutcome(*members[1], {AttemptOutcome::kError, Reason::kQueueFull});
  }
  EXPECT_FALSE(open(1));
}

TEST_F(BreakerTest, ClosesAfterTheBackoffAndASuccess) {
  fail(1, 7);
  const Milliseconds time = outage(1);
  EXPECT_GE(time, 1'000ms);
  EXPECT_LE(time, 1'700ms);
  EXPECT_EQ(changes, 2);
  succeed(1);
  fail(1, 6);
  EXPECT_FALSE(open(1));
}

TEST_F(BreakerTest, AFailureOnProbationDoublesTheBackoff) {
  fail(1, 7);
  outage(1);
  fail(1, 1);
  EXPECT_GE(outage(1), 2'000ms);
  fail(1, 1);
  EXPECT_GE(outage(1), 4'000ms);
  for (int i = 0; i < 10; ++i) {
    fail(1, 1);
    outage(1);
  }
  fail(1, 1);
  EXPECT_LE(outage(1), 90'200ms);
}

TEST_F(BreakerTest, TheBackoffBeginsAnewAfterALongTimeOfSuccess) {
  fail(1, 7);
  outage(1);
  fail(1, 1);
  outage(1);
  succeed(1);
  loop.advance(11s);
  fail(1, 7);
  EXPECT_LE(outage(1), 1'700ms);
}

TEST_F(BreakerTest, ASuccessOfAnEarlierRequestDoesNotClose) {
  fail(1, 7);
  succeed(1);
  EXPECT_TRUE(open(1));
}

TEST_F(BreakerTest, LeavesHalfOfTheEndpoints) {
  for (std::size_t i = 0; i < 4; ++i) fail(i, 20);
  EXPECT_EQ(openOnes(), 2);
}

TEST_F(BreakerTest, OfTwoEndpointsOneMayBeTakenOutOfOneNone) {
  candidates_count = 2;
  fail(0, 7);
  fail(1, 7);
  EXPECT_EQ(openOnes(), 1);
  outage(0);
  candidates_count = 1;
  fail(1, 20);
  EXPECT_EQ(openOnes(), 0);
}

TEST_F(BreakerTest, AnEndpointThatLeavesMakesRoomForAnother) {
  candidates_count = 2;
  fail(0, 7);
  breaker.forget(*members[0]);
  fail(1, 7);
  EXPECT_TRUE(open(1));
}

TEST_F(BreakerTest, IgnoresEndpointsThatAreNotListedAnyMore) {
  members[1]->listed = false;
  fail(1, 20);
  EXPECT_FALSE(open(1));
}

}  // namespace
}  // namespace weir::mesh
