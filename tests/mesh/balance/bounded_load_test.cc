#include "mesh/balance/bounded_load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mesh/balance/maglev.h"
#include "mesh/balance/ring_hash.h"
#include "tests/mesh/balance/keyed_users.h"

// The balancers with consistent hashing behave alike where their tables do not matter.
namespace weir::mesh {
namespace {

using Weights = std::vector<std::uint32_t>;
using upstream::Member;

template <typename Balancer>
class ConsistentHashingTest : public testing::Test, protected KeyedUsers<Balancer> {};
using Balancers = testing::Types<MaglevBalancer, RingHashBalancer>;
TYPED_TEST_SUITE(ConsistentHashingTest, Balancers);

TYPED_TEST(ConsistentHashingTest, WithoutMembersPicksNone) {
  EXPECT_EQ(this->at(1), nullptr);
  this->use({});
  EXPECT_EQ(this->at(1), nullptr);
}

TYPED_TEST(ConsistentHashingTest, AnUnavailableEndpointMovesNoOtherKeyAndGetsItsOwnBack) {
  const Members members(Weights(10, 1));
  this->use(members.all());
  const auto before = this->owners();
  members[4]->available = false;
  const auto meanwhile = this->owners();
  EXPECT_EQ(this->moved(before, meanwhile, members[4]), 0);
  EXPECT_THAT(meanwhile, testing::Not(testing::Contains(members[4])));
  members[4]->available = true;
  EXPECT_EQ(this->owners(), before);
}

TYPED_TEST(ConsistentHashingTest, FindsTheOnlyAvailableEndpointOfMany) {
  const Members members(Weights(500, 1));
  this->use(members.all());
  for (Member* member : members.all()) member->available = false;
  EXPECT_EQ(this->at(1), nullptr);
  members[123]->available = true;
  EXPECT_EQ(this->at(1), members[123]);
}

TYPED_TEST(ConsistentHashingTest, ARetryGoesToAnotherEndpoint) {
  const Members members(Weights(5, 1));
  this->use(members.all());
  std::vector<const Member*> tried;
  for (int i = 0; i < 5; ++i) {
    Member* next = this->at(7, tried);
    EXPECT_THAT(tried, testing::Not(testing::Contains(next)));
    tried.push_back(next);
  }
  EXPECT_NE(this->at(7, tried), nullptr);
}

}  // namespace
}  // namespace weir::mesh
