#include "mesh/balance/round_robin.h"

#include <set>

#include <gtest/gtest.h>

#include "tests/mesh/balance/members.h"

namespace weir::mesh {
namespace {

using Counts = std::vector<int>;
using Weights = std::vector<std::uint32_t>;

// The longest run of picks without member `index`.
int longestAbsence(upstream::Balancer& balancer, const Members& members, std::size_t index,
                   int picks) {
  int longest = 0;
  int absent = 0;
  for (int i = 0; i < picks; ++i) {
    absent = members.indexOf(balancer.pick({})) == index ? 0 : absent + 1;
    longest = std::max(longest, absent);
  }
  return longest;
}

std::set<std::size_t> firstPicks(const Members& members, int workers) {
  std::set<std::size_t> first;
  for (int worker = 0; worker < workers; ++worker) {
    Random random(static_cast<std::uint64_t>(worker));
    RoundRobinBalancer balancer({}, toolsOf(random));
    balancer.setMembers(members.all());
    first.insert(members.indexOf(balancer.pick({})));
  }
  return first;
}

TEST(RoundRobin, WithoutMembersPicksNobody) {
  Random random(1);
  RoundRobinBalancer balancer({}, toolsOf(random));
  EXPECT_EQ(balancer.pick({}), nullptr);
  balancer.setMembers({});
  EXPECT_EQ(balancer.pick({}), nullptr);
}

TEST(RoundRobin, PicksTheOnlyMemberEvenWhenTried) {
  Random random(1);
  RoundRobinBalancer balancer({}, toolsOf(random));
  const Members members({1});
  balancer.setMembers(members.all());
  const std::vector<const upstream::Member*> tried = {members[0]};
  EXPECT_EQ(balancer.pick({}), members[0]);
  EXPECT_EQ(balancer.pick({tried}), members[0]);
}

TEST(RoundRobin, TakesEqualMembersInTurn) {
  Random random(1);
  RoundRobinBalancer balancer({}, toolsOf(random));
  const Members members({1, 1, 1});
  balancer.setMembers(members.all());
  const std::string round = members.sequence(balancer, 3);
  EXPECT_EQ(members.sequence(balancer, 3), round);
  EXPECT_EQ(members.shares(balancer, 300), (Counts{100, 100, 100}));
}

TEST(RoundRobin, TreatsEqualWeightsAboveOneAsEqual) {
  Random random(1);
  RoundRobinBalancer balancer({}, toolsOf(random));
  const Members members({4'000'000'000, 4'000'000'000});
  balancer.setMembers(members.all());
  EXPECT_EQ(members.shares(balancer, 10), (Counts{5, 5}));
}

TEST(RoundRobin, StartsAnywhere) {
  EXPECT_EQ(firstPicks(Members({1, 1, 1, 1}), 50).size(), 4U);
  EXPECT_EQ(firstPicks(Members({2, 1, 1, 1}), 50).size(), 4U);
}

TEST(RoundRobin, GivesEachItsWeightInEveryRotation) {
  Random random(1);
  RoundRobinBalancer balancer({}, toolsOf(random));
  const Members members({5, 1, 3});
  balancer.setMembers(members.all());
  EXPECT_EQ(members.shares(balancer, 9), (Counts{5, 1, 3}));
  EXPECT_EQ(members.shares(balancer, 900), (Counts{500, 100, 300}));
}

TEST(RoundRobin, ReducesWeightsByTheirCommonDivisor) {
  Random random(1);
  RoundRobinBalancer balancer({}, toolsOf(random));
  const Members members({3'000'000'000, 1'000'000'000});
  balancer.setMembers(members.all());
  EXPECT_EQ(members.shares(balancer, 4), (Counts{3, 1}));
}

TEST(RoundRobin, SpreadsTheTurnsOfAHeavyMember) {
  Random random(1);
  RoundRobinBalancer balancer({}, toolsOf(random));
  const Members members({5, 1, 1, 1, 1, 1});
  balancer.setMembers(members.all());
  EXPECT_LE(longestAbsence(balancer, members, 0, 1'000), 2);
}

TEST(RoundRobin, SpreadsTheTurnsOfLightMembers) {
  Random random(1);
  RoundRobinBalancer balancer({}, toolsOf(random));
  const Members members({98, 1, 1});
  balancer.setMembers(members.all());
  EXPECT_LE(longestAbsence(balancer, members, 0, 1'000), 1);
  EXPECT_LE(longestAbsence(balancer, members, 1, 1'000), 99);
}

TEST(RoundRobin, DrawsByWeightWhenARotationWouldBeTooLong) {
  Random random(1);
  RoundRobinBalancer balancer({}, toolsOf(random));
  const Weights weights = {1'000'003, 500'009, 250'007};
  const Members members(weights);
  balancer.setMembers(members.all());
  EXPECT_LT(worstDeviation(members.shares(balancer, 100'000), weights), 0.03);
}

TEST(RoundRobin, ReturnsToTurnsWhenWeightsAreSmallAgain) {
  Random random(1);
  RoundRobinBalancer balancer({}, toolsOf(random));
  const Members large({1'000'003, 500'009});
  const Members small({2, 1});
  balancer.setMembers(large.all());
  balancer.setMembers(small.all());
  EXPECT_EQ(small.shares(balancer, 3), (Counts{2, 1}));
}

TEST(RoundRobin, AvoidsWhatWasTried) {
  Random random(1);
  RoundRobinBalancer balancer({}, toolsOf(random));
  const Members members({1, 1, 1});
  balancer.setMembers(members.all());
  const std::vector<const upstream::Member*> tried = {members[0], members[2]};
  EXPECT_EQ(members.shares(balancer, 100, tried), (Counts{0, 100, 0}));
}

TEST(RoundRobin, AvoidsAHeavyMemberThatWasTried) {
  Random random(1);
  RoundRobinBalancer balancer({}, toolsOf(random));
  const Members members({1'000, 1});
  balancer.setMembers(members.all());
  const std::vector<const upstream::Member*> tried = {members[0]};
  EXPECT_EQ(members.shares(balancer, 100, tried), (Counts{0, 100}));
}

TEST(RoundRobin, ReturnsATriedMemberWhenAllWereTried) {
  Random random(1);
  RoundRobinBalancer balancer({}, toolsOf(random));
  const Members members({1, 1});
  balancer.setMembers(members.all());
  const std::vector<const upstream::Member*> tried = {members[0], members[1]};
  EXPECT_NE(balancer.pick({tried}), nullptr);
}

TEST(RoundRobin, ForgetsMembersThatLeft) {
  Random random(1);
  RoundRobinBalancer balancer({}, toolsOf(random));
  const Members members({1, 2, 3, 4});
  balancer.setMembers(members.all());
  balancer.setMembers(std::span(members.all()).first(1));
  EXPECT_EQ(members.shares(balancer, 20), (Counts{20, 0, 0, 0}));
}

}  // namespace
}  // namespace weir::mesh
