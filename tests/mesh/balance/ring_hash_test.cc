#include "mesh/balance/ring_hash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/hash.h"
#include "core/config/settings.h"
#include "tests/mesh/balance/members.h"

namespace weir::mesh {
namespace {

using Weights = std::vector<std::uint32_t>;
using upstream::Member;

class RingHashTest : public testing::Test {
 protected:
  void use(std::span<Member* const> members) { balancer.setMembers(members); }
  Member* at(std::uint64_t user, upstream::Tried tried = {}) {
    return balancer.pick({tried, stableHash("user-" + std::to_string(user))});
  }
  std::vector<Member*> owners(std::uint64_t users = 10'000) {
    std::vector<Member*> found;
    for (std::uint64_t user = 0; user < users; ++user) found.push_back(at(user));
    return found;
  }
  // The number of keys that moved, although the member that had them is still in use.
  static int moved(const std::vector<Member*>& before, const std::vector<Member*>& after,
                   const Member* gone) {
    int count = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
      count += before[i] != gone && before[i] != after[i] ? 1 : 0;
    }
    return count;
  }

  Random random{1};
  event::Loop loop{event::Loop::Time::kManual};
  std::uint32_t in_flight = 0;
  RingHashBalancer balancer{{.load_factor = std::nullopt}, {random, loop, in_flight}};
};

TEST_F(RingHashTest, WithoutMembersPicksNone) {
  EXPECT_EQ(at(1), nullptr);
  use({});
  EXPECT_EQ(at(1), nullptr);
}

TEST_F(RingHashTest, IsTheSameOnEveryNodeWhateverTheOrderOfDiscovery) {
  const Members members(Weights(10, 1));
  use(members.all());
  const auto before = owners();
  EXPECT_EQ(owners(), before);
  const std::vector<Member*> reversed(members.all().rbegin(), members.all().rend());
  use(reversed);
  EXPECT_EQ(owners(), before);
}

TEST_F(RingHashTest, FindsTheNextPointForEveryHash) {
  for (const std::size_t count : {1U, 2U, 3U, 20U, 500U}) {
    const Members members(Weights(count, 1));
    use(members.all());
    for (const Member* owner : owners()) ASSERT_NE(owner, nullptr);
    EXPECT_NE(balancer.pick({.key = 0}), nullptr);
    EXPECT_NE(balancer.pick({.key = ~std::uint64_t{0}}), nullptr);
  }
}

TEST_F(RingHashTest, SharesFollowTheWeights) {
  const Weights weights = {1, 2, 3, 10};
  const Members members(weights);
  use(members.all());
  EXPECT_LT(worstDeviation(members.shares(balancer, 200'000), weights), 0.25);
}

TEST_F(RingHashTest, ARemovalMovesNoOtherKey) {
  const Members members(Weights(20, 1));
  use(members.all());
  const auto before = owners();
  use(std::span(members.all()).first(19));
  EXPECT_EQ(moved(before, owners(), members[19]), 0);
}

TEST_F(RingHashTest, AnUnavailableEndpointMovesNoOtherKeyAndGetsItsOwnBack) {
  const Members members(Weights(10, 1));
  use(members.all());
  const auto before = owners();
  members[4]->available = false;
  const auto meanwhile = owners();
  EXPECT_EQ(moved(before, meanwhile, members[4]), 0);
  EXPECT_THAT(meanwhile, testing::Not(testing::Contains(members[4])));
  members[4]->available = true;
  EXPECT_EQ(owners(), before);
}

TEST_F(RingHashTest, FindsTheOnlyAvailableEndpointOfMany) {
  const Members members(Weights(500, 1));
  use(members.all());
  for (Member* member : members.all()) member->available = false;
  EXPECT_EQ(at(1), nullptr);
  members[123]->available = true;
  EXPECT_EQ(at(1), members[123]);
}

TEST_F(RingHashTest, ARetryGoesToAnotherEndpoint) {
  const Members members(Weights(5, 1));
  use(members.all());
  std::vector<const Member*> tried;
  for (int i = 0; i < 5; ++i) {
    Member* next = at(7, tried);
    EXPECT_THAT(tried, testing::Not(testing::Contains(next)));
    tried.push_back(next);
  }
  EXPECT_NE(at(7, tried), nullptr);
}

TEST_F(RingHashTest, ABusyKeyDoesNotOverloadItsEndpoint) {
  RingHashBalancer bounded({.load_factor = 1.25}, {random, loop, in_flight});
  const Members members(Weights(10, 1));
  bounded.setMembers(members.all());
  for (; in_flight < 1'000; ++in_flight) ++bounded.pick({.key = 7})->in_flight;
  for (const Member* member : members.all()) EXPECT_LE(member->in_flight, 126U);
}

TEST(RingHashConfig, RefusesAMaximumBelowTheMinimum) {
  const auto mistakes = [](const std::string& toml) {
    config::Diagnostics found;
    RingHashBalancer::Config out;
    auto document = config::Document::parse(toml, "test.toml", found);
    config::readSettings(document, config::Extensions(), out, found);
    return found.text();
  };
  EXPECT_EQ(mistakes("min_ring_size = 10\nmax_ring_size = 10"), "");
  EXPECT_EQ(mistakes("max_ring_size = 1023"),
            "test.toml:1:17: max_ring_size: is less than min_ring_size\n");
  EXPECT_NE(mistakes("max_ring_size = 8388609"), "");
}

}  // namespace
}  // namespace weir::mesh
