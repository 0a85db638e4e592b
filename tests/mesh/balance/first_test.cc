#include "mesh/balance/first.h"

#include <gtest/gtest.h>

#include "tests/mesh/balance/members.h"

namespace weir::mesh {
namespace {

using upstream::Member;

class FirstTest : public testing::Test {
 protected:
  Random random{1};
  FirstBalancer balancer{{.max_requests = 2}, toolsOf(random)};
};

TEST_F(FirstTest, WithoutMembersPicksNone) { EXPECT_EQ(balancer.pick({}), nullptr); }

TEST_F(FirstTest, FillsEndpointsInTheirOrder) {
  const Members members({1, 5, 1});
  balancer.setMembers(members.all());
  for (const std::size_t expected : {0U, 0U, 1U, 1U, 2U, 2U}) {
    Member* const picked = balancer.pick({});
    EXPECT_EQ(members.indexOf(picked), expected);
    ++picked->in_flight;
  }
  members[0]->in_flight = 1;
  EXPECT_EQ(balancer.pick({}), members[0]);
}

TEST_F(FirstTest, IfAllAreFullTheOneWithTheFewestRequestsIsPicked) {
  const Members members({1, 1, 1});
  balancer.setMembers(members.all());
  members[0]->in_flight = 5;
  members[1]->in_flight = 3;
  members[2]->in_flight = 4;
  EXPECT_EQ(balancer.pick({}), members[1]);
}

TEST_F(FirstTest, WithoutALimitTheFirstGetsAll) {
  FirstBalancer unlimited({}, toolsOf(random));
  const Members members({1, 1});
  unlimited.setMembers(members.all());
  members[0]->in_flight = 1'000'000;
  EXPECT_EQ(unlimited.pick({}), members[0]);
}

TEST_F(FirstTest, ARetryGoesToAnotherEndpoint) {
  const Members members({1, 1});
  balancer.setMembers(members.all());
  const std::vector<const Member*> one = {members[0]};
  EXPECT_EQ(balancer.pick({one}), members[1]);
  const std::vector<const Member*> all = {members[0], members[1]};
  EXPECT_NE(balancer.pick({all}), nullptr);
}

}  // namespace
}  // namespace weir::mesh
