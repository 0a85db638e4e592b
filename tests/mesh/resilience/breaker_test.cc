#include "mesh/resilience/breaker.h"

#include <memory>

#include <gtest/gtest.h>

#include "tests/mesh/balance/members.h"

namespace weir::mesh {
namespace {

using namespace std::chrono_literals;
using upstream::AttemptOutcome;
using upstream::Member;
using upstream::Outcome;

class BreakerTest : public testing::Test, private upstream::GuardOwner {
 protected:
  BreakerTest() {
    config.success_rate = config::Percent{0};
    start();
  }

  // Forgets everything so far.
  void start(config::Role role = config::Role::kGateway) {
    owned = std::make_unique<Breaker>(config, tools(role));
  }
  upstream::GuardTools tools(config::Role role = config::Role::kGateway) {
    return {loop, random, cells, 7, *this, "orders", role};
  }
  Breaker& breaker() { return *owned; }
  void answer(std::size_t index, int status, int times = 1) {
    for (int i = 0; i < times; ++i) breaker().onOutcome(*members[index], {.status = status});
  }
  void fail(std::size_t index, int times) { answer(index, 503, times); }
  void succeed(std::size_t index) { answer(index, 200); }
  bool open(std::size_t index) { return !breaker().mayPick(*members[index]); }
  int openOnes() {
    int count = 0;
    for (std::size_t i = 0; i < members.all().size(); ++i) count += open(i) ? 1 : 0;
    return count;
  }
  // How long the endpoint stays out of use.
  Milliseconds outage(std::size_t index) {
    Milliseconds time{0};
    for (; open(index) && time < 10min; time += 100ms) loop.advance(100ms);
    return time;
  }
  std::uint64_t ejections(Detector detector, bool enforced = true) {
    return cells.counter(outlierEjectionsKey(7, detector, FailureOrigin::kRemote, enforced))
        .value();
  }
  std::int64_t ejected() { return cells.gauge(outlierEjectedKey(7)).value(); }

  Members members{{1, 1, 1, 1}};
  Random random{1};
  event::Loop loop{event::Loop::Time::kManual};
  MetricCells cells;
  std::size_t candidates_count = 4;
  int changes = 0;
  Breaker::Config config;
  std::unique_ptr<Breaker> owned;

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
  EXPECT_EQ(ejections(Detector::kConsecutive), 1U);
  EXPECT_EQ(ejected(), 1);
}

TEST_F(BreakerTest, ASuccessStartsTheCountAnew) {
  fail(1, 6);
  succeed(1);
  fail(1, 6);
  EXPECT_FALSE(open(1));
}

TEST_F(BreakerTest, ConsecutiveFailuresAreThoseOfAllWorkers) {
  event::SharedStreaks streaks;
  upstream::GuardTools shared = tools();
  shared.streaks = &streaks;
  Breaker one(config, shared);
  Breaker other(config, shared);
  const auto fail_at = [&](Breaker& worker, int times) {
    for (int i = 0; i < times; ++i) worker.onOutcome(*members[1], {.status = 503});
  };
  fail_at(one, 4);
  fail_at(other, 2);
  EXPECT_TRUE(other.mayPick(*members[1]));
  other.onOutcome(*members[1], {.status = 200});
  fail_at(one, 3);
  fail_at(other, 3);
  EXPECT_TRUE(one.mayPick(*members[1]) && other.mayPick(*members[1]));
  fail_at(other, 1);
  EXPECT_FALSE(other.mayPick(*members[1]));
  EXPECT_TRUE(one.mayPick(*members[1])) << "it decides by its own attempts";
  fail_at(one, 1);
  EXPECT_FALSE(one.mayPick(*members[1]));
}

TEST_F(BreakerTest, TheCountOfConsecutiveFailuresCanBeOff) {
  config.consecutive_failures = 0;
  start();
  fail(1, 100);
  EXPECT_FALSE(open(1));
}

TEST_F(BreakerTest, NeitherCancelledRequestsNorTooManyRequestsAreConsecutiveFailures) {
  for (int i = 0; i < 20; ++i) {
    breaker().onOutcome(*members[1], {.result = AttemptOutcome::kCancel});
    breaker().onOutcome(*members[1], {.status = 429});
    breaker().onOutcome(*members[1], {AttemptOutcome::kError, Reason::kQueueFull});
  }
  EXPECT_FALSE(open(1));
  fail(1, 6);
  answer(1, 429);  // does not start the count anew either
  fail(1, 1);
  EXPECT_TRUE(open(1));
}

TEST_F(BreakerTest, OpensIfTooFewRequestsSucceed) {
  config.success_rate = config::Percent{80};
  start();
  answer(1, 200, 4);
  fail(1, 1);  // 80 %
  EXPECT_FALSE(open(1));
  fail(1, 1);
  EXPECT_TRUE(open(1));
  EXPECT_EQ(ejections(Detector::kSuccessRate), 1U);
}

TEST_F(BreakerTest, TheRateNeedsEnoughRequests) {
  config.success_rate = config::Percent{80};
  start();
  fail(1, 4);
  EXPECT_FALSE(open(1));
  fail(1, 1);
  EXPECT_TRUE(open(1));
}

TEST_F(BreakerTest, TooManyRequestsCountForTheRate) {
  config.success_rate = config::Percent{80};
  start();
  answer(1, 429, 5);
  EXPECT_TRUE(open(1));
}

TEST_F(BreakerTest, TheRateForgetsWhatIsOlderThanTheWindow) {
  config.consecutive_failures = 0;
  config.success_rate = config::Percent{80};
  start();
  fail(1, 4);
  loop.advance(10'000ms);
  fail(1, 1);
  EXPECT_FALSE(open(1));
  loop.advance(8'000ms);
  fail(1, 4);
  EXPECT_TRUE(open(1));
}

TEST_F(BreakerTest, ClosesAfterTheBackoffAndASuccess) {
  fail(1, 7);
  const Milliseconds time = outage(1);
  EXPECT_GE(time, 1'000ms);
  EXPECT_LE(time, 1'700ms);
  EXPECT_EQ(changes, 2);
  EXPECT_EQ(ejected(), 1);
  succeed(1);
  EXPECT_EQ(ejected(), 0);
  fail(1, 6);
  EXPECT_FALSE(open(1));
}

TEST_F(BreakerTest, OneProbeDecides) {
  fail(1, 7);
  EXPECT_FALSE(breaker().wantsPick(*members[1]));
  outage(1);
  EXPECT_TRUE(breaker().wantsPick(*members[1]));
  breaker().onPick(*members[1]);
  EXPECT_TRUE(open(1)) << "one request at a time";
  EXPECT_FALSE(breaker().wantsPick(*members[1]));
  succeed(1);
  EXPECT_FALSE(open(1));
  EXPECT_FALSE(breaker().wantsPick(*members[1]));
}

TEST_F(BreakerTest, AProbeWithoutAResultIsFollowedByAnother) {
  fail(1, 7);
  outage(1);
  breaker().onPick(*members[1]);
  breaker().onOutcome(*members[1], {.result = AttemptOutcome::kCancel});
  EXPECT_FALSE(open(1));
  breaker().onPick(*members[1]);
  EXPECT_EQ(outage(1), 1'000ms) << "it takes too long";
  succeed(1);
  EXPECT_EQ(ejected(), 0);
}

TEST_F(BreakerTest, TooManyRequestsFailTheProbe) {
  fail(1, 7);
  outage(1);
  answer(1, 429);
  EXPECT_TRUE(open(1));
  EXPECT_EQ(ejections(Detector::kProbe), 1U);
}

TEST_F(BreakerTest, OutcomesOfEarlierAttemptsDoNotDecide) {
  fail(1, 7);
  succeed(1);
  EXPECT_TRUE(open(1));
  outage(1);
  const Outcome earlier{.status = 503, .duration = 1h};
  breaker().onOutcome(*members[1], earlier);
  EXPECT_FALSE(open(1));
  succeed(1);
  EXPECT_EQ(ejected(), 0);
}

TEST_F(BreakerTest, AFailedProbeDoublesTheBackoff) {
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
  fail(1, 7);
  EXPECT_GE(outage(1), 4'000ms);
  succeed(1);
  loop.advance(11s);
  fail(1, 7);
  EXPECT_LE(outage(1), 1'700ms);
}

TEST_F(BreakerTest, LeavesHalfOfTheEndpoints) {
  for (std::size_t i = 0; i < 4; ++i) fail(i, 20);
  EXPECT_EQ(openOnes(), 2);
  EXPECT_EQ(cells.counter(outlierCappedKey(7)).value(), 2U)
      << "once for each, not for each failure";
}

TEST_F(BreakerTest, ASidecarLeavesMore) {
  start(config::Role::kSidecar);
  for (std::size_t i = 0; i < 4; ++i) fail(i, 20);
  EXPECT_EQ(openOnes(), 1);
}

TEST_F(BreakerTest, OfTwoEndpointsOneMayBeTakenOutOfOneNone) {
  candidates_count = 2;
  config.max_ejected = config::Percent{10};
  start();
  fail(0, 7);
  fail(1, 7);
  EXPECT_EQ(openOnes(), 1);
  outage(0);
  succeed(0);
  candidates_count = 1;
  fail(1, 20);
  EXPECT_EQ(openOnes(), 0);
}

TEST_F(BreakerTest, AnEndpointOnProbationIsOutOfUse) {
  candidates_count = 2;
  fail(0, 7);
  outage(0);
  fail(1, 7);
  EXPECT_FALSE(open(1)) << "the other one has not proved itself yet";
}

TEST_F(BreakerTest, NotEnforcedItOnlyCounts) {
  config.enforce = false;
  start();
  fail(1, 7);
  EXPECT_FALSE(open(1));
  EXPECT_EQ(ejections(Detector::kConsecutive, false), 1U);
  EXPECT_EQ(ejections(Detector::kConsecutive, true), 0U);
  EXPECT_EQ(ejected(), 0);
  loop.advance(2s);
  EXPECT_FALSE(breaker().wantsPick(*members[1]));
  fail(1, 1);
  EXPECT_EQ(ejections(Detector::kProbe, false), 1U);
}

TEST_F(BreakerTest, AFailureToConnectIsCountedAsLocal) {
  for (int i = 0; i < 7; ++i) {
    breaker().onOutcome(*members[1], {AttemptOutcome::kError, Reason::kUpstreamConnectRefused});
  }
  const auto key = outlierEjectionsKey(7, Detector::kConsecutive, FailureOrigin::kLocal, true);
  EXPECT_EQ(cells.counter(key).value(), 1U);
}

TEST_F(BreakerTest, AnEndpointThatLeavesMakesRoomForAnother) {
  candidates_count = 2;
  fail(0, 7);
  breaker().forget(*members[0]);
  EXPECT_EQ(ejected(), 0);
  fail(1, 7);
  EXPECT_TRUE(open(1));
}

TEST_F(BreakerTest, IgnoresEndpointsThatAreNotListedAnyMore) {
  members[1]->listed = false;
  fail(1, 20);
  EXPECT_FALSE(open(1));
}

TEST_F(BreakerTest, ItsEndReturnsTheEndpoints) {
  fail(1, 7);
  owned = nullptr;
  EXPECT_EQ(ejected(), 0);
}

}  // namespace
}  // namespace weir::mesh
