#include "mesh/balance/least_request.h"

#include <gtest/gtest.h>

#include "tests/mesh/balance/members.h"

namespace weir::mesh {
namespace {

using Counts = std::vector<int>;
using Weights = std::vector<std::uint32_t>;

// Picks that remain in flight.
void pile(upstream::Balancer& balancer, int picks) {
  for (int i = 0; i < picks; ++i) ++balancer.pick({})->in_flight;
}

Counts inFlight(const Members& members) {
  Counts counts;
  for (const upstream::Member* member : members.all()) {
    counts.push_back(static_cast<int>(member->in_flight));
  }
  return counts;
}

TEST(LeastRequest, WithoutMembersPicksNobody) {
  Random random(1);
  LeastRequestBalancer balancer({}, toolsOf(random));
  EXPECT_EQ(balancer.pick({}), nullptr);
}

TEST(LeastRequest, PicksTheOnlyMemberEvenWhenTried) {
  Random random(1);
  LeastRequestBalancer balancer({}, toolsOf(random));
  const Members members({3});
  balancer.setMembers(members.all());
  const std::vector<const upstream::Member*> tried = {members[0]};
  EXPECT_EQ(balancer.pick({tried}), members[0]);
}

TEST(LeastRequest, OfTwoTakesTheOneWithFewerInFlight) {
  Random random(1);
  LeastRequestBalancer balancer({}, toolsOf(random));
  const Members members({1, 1});
  balancer.setMembers(members.all());
  members[0]->in_flight = 1;
  EXPECT_EQ(members.shares(balancer, 100), (Counts{0, 100}));
}

TEST(LeastRequest, NeverTakesTheBusiestOfMany) {
  Random random(1);
  LeastRequestBalancer balancer({}, toolsOf(random));
  const Members members({1, 1, 1, 1, 1});
  balancer.setMembers(members.all());
  members[3]->in_flight = 9;
  EXPECT_EQ(members.shares(balancer, 1'000)[3], 0);
}

TEST(LeastRequest, SharesIdleMembersEvenly) {
  Random random(1);
  LeastRequestBalancer balancer({}, toolsOf(random));
  const Weights weights = {1, 1, 1, 1};
  const Members members(weights);
  balancer.setMembers(members.all());
  EXPECT_LT(worstDeviation(members.shares(balancer, 100'000), weights), 0.02);
}

TEST(LeastRequest, SharesIdleMembersByWeight) {
  Random random(1);
  LeastRequestBalancer balancer({}, toolsOf(random));
  const Weights weights = {2, 1, 97};
  const Members members(weights);
  balancer.setMembers(members.all());
  EXPECT_LT(worstDeviation(members.shares(balancer, 200'000), weights), 0.05);
}

TEST(LeastRequest, KeepsEqualMembersLevel) {
  Random random(1);
  LeastRequestBalancer balancer({}, toolsOf(random));
  const Members members(Weights(100, 1));
  balancer.setMembers(members.all());
  pile(balancer, 10'000);
  const Counts counts = inFlight(members);
  const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
  EXPECT_GE(*least, 95);
  EXPECT_LE(*most, 103);
}

TEST(LeastRequest, FillsMembersByWeight) {
  Random random(1);
  LeastRequestBalancer balancer({}, toolsOf(random));
  const Weights weights = {10, 20, 30, 40};
  const Members members(weights);
  balancer.setMembers(members.all());
  pile(balancer, 10'000);
  EXPECT_LT(worstDeviation(inFlight(members), weights), 0.01);
}

TEST(LeastRequest, PassesByAStuckMemberWhateverItsWeight) {
  Random random(1);
  LeastRequestBalancer balancer({}, toolsOf(random));
  const Members members({100, 1, 1});
  balancer.setMembers(members.all());
  members[0]->in_flight = 1'000;
  EXPECT_EQ(members.shares(balancer, 1'000)[0], 0);
}

TEST(LeastRequest, AvoidsWhatWasTried) {
  Random random(1);
  LeastRequestBalancer balancer({}, toolsOf(random));
  const Members members({1, 1, 1, 1});
  balancer.setMembers(members.all());
  members[1]->in_flight = 50;
  const std::vector<const upstream::Member*> tried = {members[0], members[2], members[3]};
  EXPECT_EQ(members.shares(balancer, 200, tried), (Counts{0, 200, 0, 0}));
}

TEST(LeastRequest, PrefersALessBusyOneAmongTheUntried) {
  Random random(1);
  LeastRequestBalancer balancer({}, toolsOf(random));
  const Members members({1, 1, 1});
  balancer.setMembers(members.all());
  members[1]->in_flight = 5;
  const std::vector<const upstream::Member*> tried = {members[0]};
  const Counts counts = members.shares(balancer, 1'000, tried);
  EXPECT_EQ(counts[0], 0);
  EXPECT_GT(counts[2], counts[1]);
}

TEST(LeastRequest, ReturnsATriedMemberWhenAllWereTried) {
  Random random(1);
  LeastRequestBalancer balancer({}, toolsOf(random));
  const Members members({1, 2, 3});
  balancer.setMembers(members.all());
  const std::vector<const upstream::Member*> tried = {members[0], members[1], members[2]};
  EXPECT_NE(balancer.pick({tried}), nullptr);
}

TEST(LeastRequest, TellsBetweenWhomItChose) {
  Random random(1);
  LeastRequestBalancer balancer({}, toolsOf(random));
  const Members members({1, 2});
  balancer.setMembers(members.all());
  members[1]->in_flight = 5;
  BlockPool pool(4096);
  Arena arena(pool);
  upstream::Candidates candidates(arena);
  EXPECT_EQ(balancer.pick({.candidates = &candidates}), members[0]);
  std::vector<double> costs;
  for (const auto& each : candidates.all()) costs.push_back(each.cost);
  std::sort(costs.begin(), costs.end());
  EXPECT_EQ(costs, (std::vector<double>{1, 3}));
}

}  // namespace
}  // namespace weir::mesh
