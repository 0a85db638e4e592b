#include "mesh/balance/maglev.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/hash.h"
#include "core/config/settings.h"
#include "tests/mesh/balance/keyed_users.h"

namespace weir::mesh {
namespace {

using Weights = std::vector<std::uint32_t>;
using upstream::Member;

// The key of an entry: the inverse of mixed().
std::uint64_t unmixed(std::uint64_t value) {
  value = (value ^ (value >> 33U)) * 0x9cb4b2f8129337db;
  value = (value ^ (value >> 33U)) * 0x4f74430c22a54005;
  return value ^ (value >> 33U);
}

class MaglevTest : public testing::Test, protected KeyedUsers<MaglevBalancer> {
 protected:
  using KeyedUsers::KeyedUsers;
};

TEST_F(MaglevTest, SelectsTheSameEndpointForTheSameKey) {
  const Members members(Weights(10, 1));
  use(members.all());
  const auto before = owners(1'000);
  EXPECT_EQ(owners(1'000), before);
}

TEST_F(MaglevTest, IsTheSameOnEveryNodeWhateverTheOrderOfDiscovery) {
  const Members members(Weights(10, 1));
  use(members.all());
  const auto before = owners(1'000);
  Random other_random(99);
  MaglevBalancer other({.load_factor = std::nullopt}, {other_random, loop, in_flight});
  std::vector<Member*> reversed(members.all().rbegin(), members.all().rend());
  other.setMembers(reversed);
  for (std::uint64_t user = 0; user < 1'000; ++user) {
    EXPECT_EQ(other.pick({{}, stableHash("user-" + std::to_string(user))}), before[user]);
  }
}

TEST_F(MaglevTest, SharesAreEqualWithinOnePercent) {
  for (const auto& [count, entries] : {std::pair{100, 65'537}, std::pair{2'000, 1'000'003}}) {
    const Weights weights(static_cast<std::size_t>(count), 1);
    const Members members(weights);
    use(members.all());
    std::vector<int> shares(weights.size());
    for (int entry = 0; entry < entries; ++entry) {
      const auto key = unmixed(static_cast<std::uint64_t>(entry));
      ++shares[members.indexOf(balancer.pick({.key = key}))];
    }
    EXPECT_LT(worstDeviation(shares, weights), 0.01) << count;
  }
}

TEST_F(MaglevTest, SharesFollowTheWeights) {
  const Weights weights = {1, 2, 3, 10, 84};
  const Members members(weights);
  use(members.all());
  EXPECT_LT(worstDeviation(members.shares(balancer, 2'000'000), weights), 0.02);
}

TEST_F(MaglevTest, ARemovalMovesFewOtherKeys) {
  const Members members(Weights(10, 1));
  use(members.all());
  const auto before = owners(20'000);
  use(std::span(members.all()).first(9));
  const auto after = owners(20'000);
  EXPECT_LT(moved(before, after, members[9]), 0.02 * 20'000);
}

class BoundedMaglevTest : public MaglevTest {
 protected:
  BoundedMaglevTest() : MaglevTest(1.25) {}

  void begin(std::uint64_t user) {
    ++at(user)->in_flight;
    ++in_flight;
  }
};

TEST_F(BoundedMaglevTest, ABusyKeyDoesNotOverloadItsEndpoint) {
  const Members members(Weights(10, 1));
  use(members.all());
  for (int i = 0; i < 1'000; ++i) begin(7);
  for (const Member* member : members.all()) EXPECT_LE(member->in_flight, 126U);
  EXPECT_GE(at(7)->in_flight, 100U);  // the endpoint of the key, or one that took its excess
}

TEST_F(BoundedMaglevTest, TheLimitFollowsTheWeight) {
  const Members members({9, 1});
  use(members.all());
  for (std::uint64_t user = 0; user < 1'000; ++user) begin(user % 3);
  EXPECT_LE(members[1]->in_flight, 126U);
}

TEST_F(BoundedMaglevTest, AKeyStaysWhileItsEndpointIsNotBusy) {
  const Members members(Weights(10, 1));
  use(members.all());
  const auto before = owners(100);
  for (std::size_t i = 0; i < 10; ++i) members[i]->in_flight = 10;
  in_flight = 100;
  EXPECT_EQ(owners(100), before);
}

TEST(MaglevConfig, RequiresAPrimeTableSize) {
  const auto mistakes = [](const std::string& toml) {
    config::Diagnostics found;
    MaglevBalancer::Config out;
    auto document = config::Document::parse(toml, "test.toml", found);
    config::readSettings(document, config::Extensions(), out, found);
    return found.text();
  };
  EXPECT_EQ(mistakes("table_size = 251"), "");
  EXPECT_EQ(mistakes("table_size = \"auto\""), "");
  EXPECT_EQ(mistakes("table_size = 5000011\nload_factor = \"off\""), "");
  EXPECT_EQ(mistakes("table_size = 65536"), "test.toml:1:14: table_size: must be a prime number\n");
  EXPECT_EQ(mistakes("table_size = 65535"), "test.toml:1:14: table_size: must be a prime number\n");
  EXPECT_NE(mistakes("load_factor = 0.9"), "");
}

}  // namespace
}  // namespace weir::mesh
