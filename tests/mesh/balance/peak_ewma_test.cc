#include "mesh/balance/peak_ewma.h"

#include <cmath>
#include <functional>
#include <queue>

#include <gtest/gtest.h>

#include "tests/mesh/balance/members.h"

namespace weir::mesh {
namespace {

using namespace std::chrono_literals;
using upstream::AttemptOutcome;
using upstream::Member;
using upstream::Outcome;

// Endpoints that answer after a certain time, on a manual clock.
class PeakEwmaTest : public testing::Test {
 protected:
  struct Server {
    Milliseconds latency;
    int status = 200;
  };
  struct Call {
    Milliseconds end;
    Milliseconds begin;
    Member* member;
    bool operator>(const Call& other) const { return end > other.end; }
  };

  // The share of the requests that each server gets, one every `interval` for `time`.
  std::vector<double> run(const Members& members, const std::vector<Server>& servers,
                          Milliseconds interval, Milliseconds time) {
    std::vector<double> counts(servers.size());
    double all = 0;
    std::priority_queue<Call, std::vector<Call>, std::greater<>> calls;
    const Milliseconds end = loop.now() + time;
    for (Milliseconds next = loop.now(); loop.now() < end; loop.advance(1ms)) {
      while (!calls.empty() && calls.top().end <= loop.now()) {
        finish(members, servers, calls.top());
        calls.pop();
      }
      for (; next <= loop.now(); next += interval) {
        Member* member = balancer.pick({});
        ++member->in_flight;
        const std::size_t index = members.indexOf(member);
        ++counts[index];
        ++all;
        calls.push({loop.now() + servers[index].latency, loop.now(), member});
      }
    }
    for (; !calls.empty(); calls.pop()) finish(members, servers, calls.top());
    for (double& count : counts) count /= all;
    return counts;
  }
  void finish(const Members& members, const std::vector<Server>& servers, const Call& call) {
    --call.member->in_flight;
    const Nanoseconds took = call.end - call.begin;
    const int status = servers[members.indexOf(call.member)].status;
    balancer.onOutcome(*call.member, {.status = status, .duration = took, .first_byte = took});
  }

  Random random{1};
  event::Loop loop{event::Loop::Time::kManual};
  std::uint32_t in_flight = 0;
  PeakEwmaBalancer balancer{{}, {random, loop, in_flight}};
};

TEST_F(PeakEwmaTest, WithoutMembersPicksNone) { EXPECT_EQ(balancer.pick({}), nullptr); }

TEST_F(PeakEwmaTest, ASlowEndpointGetsFewRequests) {
  const Members members({1, 1, 1});
  balancer.setMembers(members.all());
  const auto shares = run(members, {{10ms}, {10ms}, {100ms}}, 5ms, 60s);
  EXPECT_LT(shares[2], 0.05);
  EXPECT_GT(shares[0], 0.3);
  EXPECT_GT(shares[1], 0.3);
}

TEST_F(PeakEwmaTest, AnEndpointThatFailsQuicklyGetsFewRequests) {
  const Members members({1, 1, 1});
  balancer.setMembers(members.all());
  const auto shares = run(members, {{10ms}, {10ms}, {1ms, 503}}, 5ms, 60s);
  EXPECT_LT(shares[2], 0.02);
}

TEST_F(PeakEwmaTest, FollowsAChangeWithinTwoSeconds) {
  const Members members({1, 1, 1});
  balancer.setMembers(members.all());
  run(members, {{10ms}, {10ms}, {10ms}}, 5ms, 30s);
  run(members, {{10ms}, {10ms}, {200ms}}, 5ms, 2s);
  EXPECT_LT(run(members, {{10ms}, {10ms}, {200ms}}, 5ms, 10s)[2], 0.05);
}

TEST_F(PeakEwmaTest, AnEndpointThatBecomesFastAgainIsUsedAgain) {
  const Members members({1, 1, 1});
  balancer.setMembers(members.all());
  run(members, {{10ms}, {10ms}, {100ms}}, 5ms, 30s);
  run(members, {{10ms}, {10ms}, {10ms}}, 5ms, 60s);
  EXPECT_GT(run(members, {{10ms}, {10ms}, {10ms}}, 5ms, 60s)[2], 0.1);
}

TEST_F(PeakEwmaTest, EquallyFastEndpointsShareByWeight) {
  const Members members({1, 3});
  balancer.setMembers(members.all());
  EXPECT_NEAR(run(members, {{10ms}, {10ms}}, 1ms, 60s)[1], 0.75, 0.1);
}

TEST_F(PeakEwmaTest, AVanishedEndpointIsKeptAway) {
  const Members members({1, 1});
  balancer.setMembers(members.all());
  run(members, {{10ms}, {10ms}}, 5ms, 5s);
  const Outcome refused{AttemptOutcome::kError, Reason::kUpstreamConnectRefused};
  balancer.onOutcome(*members[0], refused);
  EXPECT_EQ(members.shares(balancer, 100)[0], 0);
}

TEST_F(PeakEwmaTest, ACancelledRequestCountsOnlyIfItWasSlow) {
  const Members members({1, 1});
  balancer.setMembers(members.all());
  run(members, {{10ms}, {10ms}}, 5ms, 5s);
  const double before = members[0]->estimate.latency;
  balancer.onOutcome(*members[0], {.result = AttemptOutcome::kCancel, .duration = 1ms});
  EXPECT_EQ(members[0]->estimate.latency, before);
  balancer.onOutcome(*members[0], {.result = AttemptOutcome::kCancel, .duration = 3s});
  EXPECT_EQ(members[0]->estimate.latency, 3e9);
}

TEST_F(PeakEwmaTest, ANewEndpointIsExpectedToBeOrdinary) {
  const Members members({1, 1, 1, 1});
  balancer.setMembers(std::span(members.all()).first(3));
  const std::vector<Server> servers = {{50ms}, {50ms}, {50ms}, {50ms}};
  run(members, servers, 5ms, 5s);
  balancer.setMembers(members.all());
  const auto shares = run(members, servers, 5ms, 100ms);
  EXPECT_LT(shares[3], 0.5);
  EXPECT_GT(shares[3], 0);
}

TEST_F(PeakEwmaTest, TheExpectedLatencyDecaysByItsTimeConstant) {
  const Members members({1, 1});
  balancer.setMembers(members.all());
  const auto observe = [&](Nanoseconds took) {
    balancer.onOutcome(*members[0], {.status = 200, .first_byte = took});
    return members[0]->estimate.latency;
  };
  EXPECT_EQ(observe(1s), 1e9);
  loop.advance(10s);
  // 1 s * e^-1, of which the measurement replaces 1 - e^-1.
  EXPECT_NEAR(observe(1ns), 1e9 * std::exp(-2), 1e5);
  EXPECT_EQ(observe(2s), 2e9);  // a peak is followed at once
  loop.advance(3h);
  EXPECT_NEAR(observe(1ms), 1e6, 1);
}

TEST_F(PeakEwmaTest, ASingleEndpointIsNotMeasured) {
  const Members members({1, 1});
  balancer.setMembers(std::span(members.all()).first(1));
  EXPECT_FALSE(balancer.wantsOutcomes());
  balancer.setMembers(members.all());
  EXPECT_TRUE(balancer.wantsOutcomes());
}

TEST_F(PeakEwmaTest, ARetryGoesToAnotherEndpoint) {
  const Members members({1, 1, 1});
  balancer.setMembers(members.all());
  const std::vector<const Member*> tried = {members[0], members[1]};
  EXPECT_EQ(members.shares(balancer, 100, tried)[2], 100);
  const std::vector<const Member*> all = {members[0], members[1], members[2]};
  EXPECT_NE(balancer.pick({all}), nullptr);
}

// The cost is the expected latency in milliseconds, times the requests in flight.
TEST_F(PeakEwmaTest, TellsBetweenWhomItChose) {
  const Members members({1, 1});
  balancer.setMembers(members.all());
  members[0]->estimate = {2e6, loop.now()};
  members[1]->estimate = {4e6, loop.now()};
  members[0]->in_flight = 2;
  BlockPool pool(4096);
  Arena arena(pool);
  upstream::Candidates candidates(arena);
  EXPECT_EQ(balancer.pick({.candidates = &candidates}), members[1]);
  ASSERT_EQ(candidates.all().size(), 2U);
  const auto& first =
      candidates.all()[0].endpoint == "10.0.0.1:8000" ? candidates.all()[0] : candidates.all()[1];
  EXPECT_EQ(first.endpoint, "10.0.0.1:8000");
  EXPECT_EQ(first.in_flight, 2U);
  EXPECT_NEAR(first.cost, 6, 0.01);
  candidates.clear();
  EXPECT_TRUE(candidates.all().empty());
  for (std::size_t i = 0; i < upstream::Candidates::kMost + 3; ++i) candidates.add(*members[0], 1);
  EXPECT_EQ(candidates.all().size(), upstream::Candidates::kMost);
}

}  // namespace
}  // namespace weir::mesh
