#include "mesh/balance/ring_hash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config/settings.h"
#include "tests/mesh/balance/keyed_users.h"

namespace weir::mesh {
namespace {

using Weights = std::vector<std::uint32_t>;
using upstream::Member;

class RingHashTest : public testing::Test, protected KeyedUsers<RingHashBalancer> {};

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
