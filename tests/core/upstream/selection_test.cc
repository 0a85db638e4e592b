#include "core/upstream/selection.h"

#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "core/event/loop.h"
#include "core/upstream/metrics.h"

namespace weir::upstream {
namespace {

// Picks the first member that has not been tried.
struct InOrder final : Balancer {
  explicit InOrder(bool all) : keeps_all(all) {}
  void setMembers(std::span<Member* const> members) override {
    known.assign(members.begin(), members.end());
  }
  Member* pick(const Pick& pick) override {
    Member* tried = nullptr;
    for (Member* member : known) {
      if (!member->available) continue;
      if (std::find(pick.tried.begin(), pick.tried.end(), member) == pick.tried.end()) {
        return member;
      }
      if (tried == nullptr) tried = member;
    }
    return tried;
  }
  bool wantsKey() const override { return true; }
  bool passesOver() const override { return keeps_all; }

  std::vector<Member*> known;
  const bool keeps_all;
};

// Objects to members by their number.
struct NumberGuard final : Guard {
  explicit NumberGuard(const std::set<std::uint16_t>& ports) : refused(ports) {}
  bool mayPick(const Member& member) const override {
    return !refused.contains(member.endpoint.address.port());
  }
  const std::set<std::uint16_t>& refused;
};

class SelectionTest : public testing::Test {
 protected:
  SelectionTest() {
    plan.id = 7;
    plan.options.panic_threshold = config::Percent{0};
    plan.balancer = [this](const BalancerTools&) { return std::make_unique<InOrder>(keeps_all); };
    guards.push_back(std::make_unique<NumberGuard>(refused));
  }

  // Members 1, 2, ... of these priorities.
  void start(const std::vector<std::uint32_t>& priorities) {
    selection = std::make_unique<Selection>(BalancerTools{random, loop, in_flight}, cells, plan);
    for (const std::uint32_t priority : priorities) {
      Member& member = *members.emplace_back(std::make_unique<Member>());
      const auto port = static_cast<std::uint16_t>(members.size());
      member.endpoint.address = {IpAddress::v4({10, 0, 0, 1}), port};
      member.endpoint.priority = priority;
    }
    list();
  }
  void list() {
    std::vector<Member*> listed;
    for (const auto& member : members) listed.push_back(member.get());
    selection->setMembers(listed);
    selection->judge(guards);
  }
  void eject(std::set<std::uint16_t> ports) {
    refused = std::move(ports);
    selection->judge(guards);
  }
  Member& at(std::size_t number) { return *members.at(number - 1); }
  std::uint16_t numberOf(const Member* member) const {
    return member == nullptr ? 0 : member->endpoint.address.port();
  }
  // The share of each member, in percent.
  std::map<int, int> shares() {
    constexpr int kPicks = 20'000;
    std::map<int, int> counts;
    for (int i = 0; i < kPicks; ++i) ++counts[numberOf(selection->pick({}))];
    for (auto& [number, count] : counts) count = (count * 100 + kPicks / 2) / kPicks;
    return counts;
  }
  std::int64_t panics() { return cells.gauge(upstreamPanicKey(7)).value(); }

  event::Loop loop{event::Loop::Time::kManual};
  Random random{1};
  MetricCells cells;
  std::uint32_t in_flight = 0;
  bool keeps_all = false;
  ClusterPlan plan;
  std::set<std::uint16_t> refused;
  std::vector<std::unique_ptr<Guard>> guards;
  std::vector<std::unique_ptr<Member>> members;
  std::unique_ptr<Selection> selection;
};

TEST_F(SelectionTest, AMemberThatAHealthCheckFindsUnhealthyIsNotPicked) {
  start({0, 0});
  at(1).health = Health::kUnhealthy;
  selection->judge(guards);
  EXPECT_EQ(selection->pick({}), &at(2));
  at(1).health = Health::kHealthy;
  selection->judge(guards);
  EXPECT_EQ(selection->pick({}), &at(1));
}

TEST_F(SelectionTest, AnEjectionHasATime) {
  start({0, 0});
  loop.advance(Milliseconds(50));
  eject({1});
  EXPECT_TRUE(at(1).ejected);
  EXPECT_EQ(at(1).since, Milliseconds(loop.now()));
  EXPECT_EQ(at(2).since, Nanoseconds(0));
  EXPECT_FALSE(at(1).usable());
}

TEST_F(SelectionTest, WithoutUsableMembersPicksNone) {
  start({0, 1});
  eject({1, 2});
  EXPECT_EQ(selection->pick({}), nullptr);
  EXPECT_EQ(panics(), 0);
}

TEST_F(SelectionTest, TheFirstPriorityGetsAllWhileItCanTakeIt) {
  start({1, 0, 1, 0, 0, 0});
  EXPECT_EQ(shares(), (std::map<int, int>{{2, 100}}));
  eject({2});  // 3 of 4 are usable: 75 % * 140 % > 100 %
  EXPECT_EQ(shares(), (std::map<int, int>{{4, 100}}));
}

TEST_F(SelectionTest, TheNextPriorityGetsTheRest) {
  start({0, 0, 1, 1, 2});
  eject({1});  // 50 % * 140 %
  EXPECT_EQ(shares(), (std::map<int, int>{{2, 70}, {3, 30}}));
  eject({1, 3});  // the same of the second: it takes its 30 %
  EXPECT_EQ(shares(), (std::map<int, int>{{2, 70}, {4, 30}}));
  eject({1, 3, 4});
  EXPECT_EQ(shares(), (std::map<int, int>{{2, 70}, {5, 30}}));
  eject({1, 2});
  EXPECT_EQ(shares(), (std::map<int, int>{{3, 100}}));
}

TEST_F(SelectionTest, IfNoPriorityCanTakeTheRestThePartsAreInProportion) {
  start({0, 0, 0, 0, 1, 1, 1, 1});
  eject({1, 2, 3, 5, 6, 7});  // 35 % each
  EXPECT_EQ(shares(), (std::map<int, int>{{4, 50}, {8, 50}}));
}

TEST_F(SelectionTest, OverprovisioningIsASetting) {
  plan.options.overprovisioning = config::Percent{100};
  start({0, 0, 1});
  eject({1});
  EXPECT_EQ(shares(), (std::map<int, int>{{2, 50}, {3, 50}}));
  plan.options.overprovisioning = config::Percent{200};
  EXPECT_TRUE(selection->configure(plan, false));
  list();
  EXPECT_EQ(shares(), (std::map<int, int>{{2, 100}}));
}

TEST_F(SelectionTest, AKeyStaysInItsPriority) {
  start({0, 0, 1});
  eject({1});
  for (std::uint64_t key = 0; key < 100; ++key) {
    const Member* const first = selection->pick({.key = key});
    EXPECT_EQ(selection->pick({.key = key}), first);
  }
}

TEST_F(SelectionTest, ARetryGoesToTheNextPriorityOnceAllOfTheFirstWereTried) {
  start({0, 1});
  const Member* const tried[] = {&at(1)};
  EXPECT_EQ(selection->pick({.tried = tried}), &at(2));
  const Member* const both[] = {&at(1), &at(2)};
  EXPECT_NE(selection->pick({.tried = both}), nullptr);
}

TEST_F(SelectionTest, PanicsOnlyIfNoOtherPriorityCanTakeTheTraffic) {
  plan.options.panic_threshold = config::Percent{50};
  start({0, 0, 0, 1});
  eject({1, 2});
  EXPECT_EQ(panics(), 0);
  EXPECT_FALSE(at(1).available);
  eject({1, 2, 4});
  EXPECT_EQ(panics(), 1);
  EXPECT_TRUE(at(1).available);
  EXPECT_TRUE(at(4).available);
  eject({});
  EXPECT_EQ(panics(), 0);
}

TEST_F(SelectionTest, IfAllPanicThePartsFollowTheNumberOfMembers) {
  plan.options.panic_threshold = config::Percent{50};
  start({0, 0, 0, 1});
  eject({1, 2, 3, 4});
  EXPECT_EQ(shares(), (std::map<int, int>{{1, 75}, {4, 25}}));
  selection = nullptr;
  EXPECT_EQ(panics(), 0);
}

TEST_F(SelectionTest, PanicDoesNotIncludeDrainingMembers) {
  plan.options.panic_threshold = config::Percent{50};
  start({0, 0, 0});
  at(3).endpoint.draining = true;
  list();
  eject({1, 2});
  EXPECT_TRUE(at(1).available);
  EXPECT_FALSE(at(3).available);
}

TEST_F(SelectionTest, AClientSticksToADrainingMemberUntilItFails) {
  start({0, 0});
  at(1).endpoint.draining = true;
  list();
  EXPECT_EQ(selection->pick({}), &at(2));
  EXPECT_TRUE(Selection::mayStick(at(1), {}));
  const Member* const tried[] = {&at(1)};
  EXPECT_FALSE(Selection::mayStick(at(1), tried));
  eject({1});
  EXPECT_FALSE(Selection::mayStick(at(1), {}));
}

TEST_F(SelectionTest, ABalancerThatPassesOverGetsAllMembersOfItsPriority) {
  keeps_all = true;
  start({0, 0, 1});
  eject({1, 2});
  EXPECT_EQ(selection->pick({}), &at(3));
  eject({1});
  EXPECT_EQ(numberOf(selection->pick({.key = 1})), numberOf(selection->pick({.key = 1})));
}

TEST_F(SelectionTest, APriorityThatRemainsKeepsItsBalancer) {
  int made = 0;
  plan.balancer = [&](const BalancerTools&) {
    ++made;
    return std::make_unique<InOrder>(false);
  };
  start({0, 1});
  EXPECT_EQ(made, 2);
  list();
  EXPECT_EQ(made, 2);
  at(1).endpoint.priority = 2;
  list();
  EXPECT_EQ(made, 3);
  EXPECT_EQ(selection->pick({}), &at(2));
}

class SlowStartTest : public SelectionTest {
 protected:
  SlowStartTest() { plan.options.slow_start = SlowStartOptions{.window = Milliseconds(1'000)}; }

  void wait(std::int64_t milliseconds) {
    loop.advance(Milliseconds(milliseconds));
    again = selection->judge(guards);
  }
  // Members as after this time in use, and then one more.
  void addTo(std::size_t before) {
    start(std::vector<std::uint32_t>(before, 0));
    wait(5'000);
    members.push_back(std::make_unique<Member>());
    members.back()->endpoint.address = {IpAddress::v4({10, 0, 0, 2}), 99};
    list();
  }
  // Relative to another member.
  double partOf(std::size_t number) { return double{1} * at(number).weight / at(1).weight; }

  Milliseconds again{0};
};

TEST_F(SlowStartTest, NoneStartsSlowlyAtTheBeginning) {
  start({0, 0});
  EXPECT_EQ(at(1).weight, 1U);
  EXPECT_EQ(at(2).weight, 1U);
  wait(10);
  EXPECT_EQ(again, Milliseconds(0));
}

TEST_F(SlowStartTest, AnAddedMemberGrowsToItsWeight) {
  addTo(2);
  EXPECT_DOUBLE_EQ(partOf(3), 0.1);
  wait(300);
  EXPECT_DOUBLE_EQ(partOf(3), 0.3);
  EXPECT_GT(again, Milliseconds(0));
  wait(500);
  EXPECT_DOUBLE_EQ(partOf(3), 0.8);
  wait(200);
  EXPECT_DOUBLE_EQ(partOf(3), 1);
  EXPECT_EQ(at(3).weight, 1U);
  EXPECT_EQ(again, Milliseconds(0));
}

TEST_F(SlowStartTest, IfMostAreNewNoneStartsSlowly) {
  start({0});
  wait(5'000);
  for (int i = 0; i < 2; ++i) members.push_back(std::make_unique<Member>());
  list();
  EXPECT_DOUBLE_EQ(partOf(2), 1);
  EXPECT_DOUBLE_EQ(partOf(3), 1);
}

TEST_F(SlowStartTest, AMemberThatIsUsableAgainStartsSlowly) {
  start({0, 0, 0});
  eject({3});
  wait(5'000);
  eject({});
  EXPECT_DOUBLE_EQ(partOf(3), 0.1);
  wait(500);
  EXPECT_DOUBLE_EQ(partOf(3), 0.5);
  eject({3});
  eject({});
  EXPECT_DOUBLE_EQ(partOf(3), 0.1);
}

TEST_F(SlowStartTest, ManyMembersThatAreUsableAgainHaveTheirWeights) {
  start({0, 0, 0});
  eject({2, 3});
  wait(5'000);
  eject({});
  EXPECT_DOUBLE_EQ(partOf(3), 1);
}

TEST_F(SlowStartTest, AggressionAndTheMinimumAreSettings) {
  plan.options.slow_start->aggression = 2;
  plan.options.slow_start->min_weight = config::Percent{30};
  addTo(4);
  EXPECT_DOUBLE_EQ(partOf(5), 0.3);
  wait(490);
  EXPECT_DOUBLE_EQ(partOf(5), 0.7);
}

TEST_F(SlowStartTest, EndsIfItIsRemovedFromTheSettings) {
  addTo(2);
  plan.options.slow_start.reset();
  EXPECT_TRUE(selection->configure(plan, false));
  list();
  EXPECT_EQ(at(1).weight, 1U);
  EXPECT_EQ(at(3).weight, 1U);
}

}  // namespace
}  // namespace weir::upstream
