#include <set>

#include "core/upstream/attempt.h"
#include "core/upstream/guard.h"
#include "core/upstream/tries.h"
#include "tests/core/upstream/fixture.h"

// Tests the guards of a cluster, outcomes, keys and the selection of endpoints (cluster.h).
namespace weir::upstream {
namespace {

// Objects to the addresses in `refused`, and to any attempt for `reason`.
struct TestGuard final : Guard {
  TestGuard(const GuardTools& tools, TestGuard*& latest) : owner(tools.owner) { latest = this; }

  Reason admit() override { return reason; }
  bool mayPick(const Member& member) const override {
    return !refused.contains(member.endpoint.address.text());
  }
  bool wantsPick(const Member& member) const override {
    return probed == member.endpoint.address.text();
  }
  void onPick(const Member& member) override {
    refused.insert(member.endpoint.address.text());
    probed.clear();
  }
  void onOutcome(const Member& member, const Outcome& outcome) override {
    heard += member.endpoint.address.text() + "=" + std::to_string(outcome.status) + " ";
  }
  void forget(const Member& member) override {
    heard += "-" + member.endpoint.address.text() + " ";
  }
  void refuse(const std::set<std::string>& addresses) {
    refused = addresses;
    owner.onMayPickChanged();
  }

  GuardOwner& owner;
  Reason reason = Reason::kNone;
  std::set<std::string> refused;
  std::string probed;  // the address that may be picked once
  std::string heard;
};

// Records what it is given.
struct RecordingBalancer final : Balancer {
  RecordingBalancer(RecordingBalancer*& self, bool all) : keeps_all(all) { self = this; }

  void setMembers(std::span<Member* const> members) override {
    ++updates;
    known.assign(members.begin(), members.end());
  }
  Member* pick(const Pick& pick) override {
    key = pick.key;
    return known.empty() ? nullptr : known.front();
  }
  void onOutcome(Member&, const Outcome& outcome) override { latest = outcome; }
  bool wantsOutcomes() const override { return true; }
  bool wantsKey() const override { return true; }
  bool passesOver() const override { return keeps_all; }

  std::vector<Member*> known;
  std::optional<std::uint64_t> key;
  Outcome latest;
  int updates = 0;
  const bool keeps_all;
};

// The owner of an attempt.
struct NoEvents final : AttemptEvents {
  void onAcquired(const PooledConnection&) override {}
  void onAcquireFailed(Error) override {}
  void onAttemptTimeout() override {}
};

class ClusterGuardTest : public ClusterTest {
 protected:
  std::shared_ptr<const ClusterPlan> guardedPlan() {
    auto made = std::make_shared<ClusterPlan>(*plan());
    made->balancer = [this](const BalancerTools&) {
      return std::make_unique<RecordingBalancer>(balancer, passes_over);
    };
    options.guards = {config::Selected("test", nullptr, {})};
    made->options = options;
    made->guards = {
        [this](const GuardTools& tools) { return std::make_unique<TestGuard>(tools, guard); }};
    return made;
  }
  void startGuarded() {
    cluster =
        std::make_unique<Cluster>(Cluster::Tools{loop, connector, random, cells}, guardedPlan());
    cluster->setEndpoints(at({"10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80", "10.0.0.4:80"}));
  }
  void refuse(const std::set<std::string>& addresses) {
    guard->refuse(addresses);
    turn();
  }
  std::string known() const {
    std::string text;
    for (const Member* member : balancer->known) {
      text += member->available ? "" : "!";
      text += member->endpoint.address.text() + " ";
    }
    return text;
  }

  bool passes_over = false;
  RecordingBalancer* balancer = nullptr;
  TestGuard* guard = nullptr;
};

TEST_F(ClusterGuardTest, WithoutGuardsEveryAttemptIsAdmitted) {
  start();
  EXPECT_EQ(cluster->admit(), Reason::kNone);
  EXPECT_FALSE(cluster->wantsKey());
}

TEST_F(ClusterGuardTest, AGuardMayRefuseAnAttempt) {
  startGuarded();
  EXPECT_EQ(cluster->admit(), Reason::kNone);
  guard->reason = Reason::kLimitConcurrency;
  EXPECT_EQ(cluster->admit(), Reason::kLimitConcurrency);
}

TEST_F(ClusterGuardTest, TheBalancerGetsTheKey) {
  startGuarded();
  EXPECT_TRUE(cluster->wantsKey());
  cluster->pick({.key = 7});
  EXPECT_EQ(balancer->key, 7U);
}

TEST_F(ClusterGuardTest, MembersToWhichAGuardObjectsAreNotPicked) {
  startGuarded();
  refuse({"10.0.0.1:80", "10.0.0.3:80"});
  EXPECT_EQ(known(), "10.0.0.2:80 10.0.0.4:80 ");
  refuse({});
  EXPECT_EQ(known(), "10.0.0.1:80 10.0.0.2:80 10.0.0.3:80 10.0.0.4:80 ");
}

TEST_F(ClusterGuardTest, AMemberOnProbeIsPickedOnceEvenInOneTurn) {
  for (const bool passes : {false, true}) {
    passes_over = passes;
    startGuarded();
    guard->probed = "10.0.0.1:80";
    refuse({});
    EXPECT_EQ(cluster->pick({})->endpoint.address.text(), "10.0.0.1:80");
    EXPECT_EQ(known(),
              std::string(passes ? "!10.0.0.1:80 " : "") + "10.0.0.2:80 10.0.0.3:80 10.0.0.4:80 ");
  }
}

TEST_F(ClusterGuardTest, AMemberToWhichAGuardObjectsIsMarked) {
  startGuarded();
  refuse({"10.0.0.2:80"});
  std::string ejected;
  cluster->forEachMember([&](const Member& member) {
    if (member.ejected) ejected += member.endpoint.address.text() + " ";
  });
  EXPECT_EQ(ejected, "10.0.0.2:80 ");
  refuse({});
  cluster->forEachMember([&](const Member& member) { EXPECT_FALSE(member.ejected); });
}

TEST_F(ClusterGuardTest, ABalancerThatPassesOverThemIsNotRebuilt) {
  passes_over = true;
  startGuarded();
  refuse({"10.0.0.1:80"});
  EXPECT_EQ(known(), "!10.0.0.1:80 10.0.0.2:80 10.0.0.3:80 10.0.0.4:80 ");
  EXPECT_EQ(balancer->updates, 1);
}

TEST_F(ClusterGuardTest, ManyChangesInATurnAreOneUpdate) {
  startGuarded();
  const int before = balancer->updates;
  guard->refuse({"10.0.0.1:80"});
  guard->refuse({"10.0.0.1:80", "10.0.0.2:80"});
  turn();
  EXPECT_EQ(balancer->updates, before + 1);
}

TEST_F(ClusterGuardTest, BelowThePanicThresholdAllArePicked) {
  options.panic_threshold = config::Percent{50};
  startGuarded();
  refuse({"10.0.0.1:80", "10.0.0.2:80"});
  EXPECT_EQ(known(), "10.0.0.3:80 10.0.0.4:80 ");
  refuse({"10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"});
  EXPECT_EQ(known(), "10.0.0.1:80 10.0.0.2:80 10.0.0.3:80 10.0.0.4:80 ");
}

TEST_F(ClusterGuardTest, WithoutAPanicThresholdNonePossiblyRemains) {
  startGuarded();
  refuse({"10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80", "10.0.0.4:80"});
  EXPECT_EQ(cluster->pick({}), nullptr);
}

TEST_F(ClusterGuardTest, AStickyEndpointIsPreferredWhileItIsAvailable) {
  startGuarded();
  Member* const sticky = balancer->known.at(2);
  EXPECT_EQ(cluster->pick({.sticky = sticky}), sticky);
  refuse({sticky->endpoint.address.text()});
  EXPECT_EQ(cluster->pick({.sticky = sticky})->endpoint.address.text(), "10.0.0.1:80");
}

TEST_F(ClusterGuardTest, ARetryLeavesAStickyEndpoint) {
  startGuarded();
  Member* const sticky = balancer->known.at(2);
  const Member* const tried[] = {sticky};
  EXPECT_EQ(cluster->pick({.tried = tried, .sticky = sticky})->endpoint.address.text(),
            "10.0.0.1:80");
}

TEST_F(ClusterGuardTest, AStickyEndpointThatHasLeftIsNotPicked) {
  startGuarded();
  Member& sticky = *balancer->known.at(3);
  acquire(sticky);
  cluster->setEndpoints(at({"10.0.0.1:80", "10.0.0.2:80"}));
  EXPECT_EQ(cluster->pick({.sticky = &sticky})->endpoint.address.text(), "10.0.0.1:80");
  answer(0);
  cluster->done(sticky, {.status = 200});
}

TEST_F(ClusterGuardTest, OutcomesReachBalancerAndGuards) {
  startGuarded();
  Member& member = *cluster->pick({});
  acquire(member);
  answer(0);
  cluster->done(member, {.status = 503});
  EXPECT_EQ(balancer->latest.status, 503);
  EXPECT_EQ(guard->heard, "10.0.0.1:80=503 ");
}

TEST_F(ClusterGuardTest, AnAttemptIsRefusedOrSelectsByItsKeyOrSticksToAnEndpoint) {
  startGuarded();
  NoEvents owner;
  Tries tries;
  tries.begin(*cluster);
  Attempt attempt(loop, tries, owner);
  guard->reason = Reason::kLimitConcurrency;
  EXPECT_EQ(attempt.begin(7), Reason::kLimitConcurrency);
  EXPECT_EQ(attempt.member(), nullptr);
  EXPECT_FALSE(balancer->key);
  guard->reason = Reason::kNone;
  EXPECT_EQ(attempt.begin(7), Reason::kNone);
  EXPECT_EQ(balancer->key, 7U);
  attempt.drop(AttemptOutcome::kCancel, Reason::kNone, 0);
  Member* const sticky = balancer->known.at(2);
  EXPECT_EQ(attempt.begin(7, sticky), Reason::kNone);
  EXPECT_EQ(attempt.member(), sticky);
}

TEST_F(ClusterGuardTest, TheLatencyOfADialedStreamIsThatOfItsConnection) {
  startGuarded();
  NoEvents owner;
  Tries tries;
  tries.begin(*cluster);
  Attempt attempt(loop, tries, owner);
  for (const bool connects : {false, true}) {
    ASSERT_EQ(attempt.begin(), Reason::kNone);
    auto stream = attempt.dial({});
    ASSERT_TRUE(stream.ok());
    if (connects) attempt.noteDialed();
    attempt.end(AttemptOutcome::kOk, Reason::kNone, 0);
    EXPECT_EQ(balancer->latest.first_byte.has_value(), connects);
  }
  peers.clear();
  turn();
}

TEST_F(ClusterGuardTest, AGuardForgetsAMemberThatLeaves) {
  startGuarded();
  cluster->setEndpoints(at({"10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"}));
  EXPECT_EQ(guard->heard, "-10.0.0.4:80 ");
}

TEST_F(ClusterGuardTest, AReloadKeepsGuardsWhoseSettingsDoNotChange) {
  startGuarded();
  TestGuard* const before = guard;
  refuse({"10.0.0.1:80"});
  options.idle_timeout = Milliseconds(1);
  cluster->configure(guardedPlan());
  EXPECT_EQ(guard, before);
  EXPECT_EQ(known(), "10.0.0.2:80 10.0.0.3:80 10.0.0.4:80 ");
  cluster->configure(plan());
  EXPECT_EQ(cluster->admit(), Reason::kNone);
}

TEST_F(ClusterGuardTest, AReloadWithAnotherThresholdAppliesIt) {
  startGuarded();
  refuse({"10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"});
  EXPECT_EQ(known(), "10.0.0.4:80 ");
  options.panic_threshold = config::Percent{50};
  cluster->configure(guardedPlan());
  EXPECT_EQ(known(), "10.0.0.1:80 10.0.0.2:80 10.0.0.3:80 10.0.0.4:80 ");
}

}  // namespace
}  // namespace weir::upstream
