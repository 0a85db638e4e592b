#include "core/server/discoveries.h"

#include <gmock/gmock.h>

#include "core/dns/resolver.h"
#include "core/server/warm_up.h"
#include "core/state/directory.h"
#include "core/upstream/metrics.h"
#include "tests/core/server/fixture.h"
#include "tests/support/fake_client.h"

namespace weir::server {
namespace {

using upstream::DiscoveryResult;
using upstream::discoveryStaleKey;
using upstream::EndpointState;
using upstream::upstreamEndpointsKey;

constexpr Milliseconds kPatience{1'000};

// Discoveries over plans whose clusters are resolved when the test decides.
class DirectoryTest : public ::testing::Test {
 protected:
  ~DirectoryTest() override {
    resolver = nullptr;
    loop.advance(Milliseconds(0));
  }

  // One cluster for each word: its name, the word of its source, and the kind of the source.
  struct Cluster {
    std::string name;
    std::string source;
    std::string_view kind = "dns";
  };
  void follow(const std::vector<Cluster>& clusters) {
    auto plan = std::make_shared<proxy::Plan>();
    std::vector<upstream::SharedClusterPlan> made;
    for (const Cluster& each : clusters) {
      auto cluster = std::make_shared<upstream::ClusterPlan>();
      cluster->id = names.intern(each.name);
      cluster->name = names.name(cluster->id);
      cluster->discovery_kind = names.intern(each.kind);
      if (each.kind == "static") {
        cluster->discovery = std::make_shared<const ListSource>(std::vector{each.source});
      } else {
        cluster->discovery = std::make_shared<const LaterSource>(each.source, running);
      }
      made.push_back(std::move(cluster));
    }
    plan->clusters = upstream::ClusterPlans(std::move(made));
    plans.push_back(plan);
    warm_up.finish();
    directory.follow(*plan);
    warm_up.wait(kPatience, [this] { ++warm; });
  }
  static upstream::SharedEndpoints at(const std::vector<std::string>& addresses) {
    return ListSource(addresses).known();
  }
  std::int64_t endpoints(std::string_view name, EndpointState state) {
    return cells.gauge(upstreamEndpointsKey(names.intern(name), state)).value();
  }
  std::uint64_t updates(std::string_view name, DiscoveryResult result) {
    return cells
        .counter(upstream::discoveryUpdatesKey(names.intern(name), names.intern("dns"), result))
        .value();
  }

  event::Loop loop{event::Loop::Time::kManual};
  test::FakeClient http_client{loop};
  std::unique_ptr<dns::Resolver> resolver =
      std::move(dns::Resolver::make(loop, {.servers = {"127.0.0.1:1"}}).value());
  NameTable names;
  MetricCells cells;
  std::vector<Later*> running;
  std::vector<std::shared_ptr<const proxy::Plan>> plans;
  std::vector<std::pair<NameId, std::size_t>> heard;  // cluster, endpoints
  int warm = 0;
  state::Directory unopened{cells};  // not open: nothing is kept
  WarmUp warm_up{loop, [this] { return directory.answered(); }};
  Discoveries directory{{loop, *resolver, http_client, names},
                        {cells, &unopened},
                        [this](NameId id, const upstream::SharedEndpoints& found) {
                          heard.emplace_back(id, found->endpoints.size());
                        },
                        [this] { warm_up.onAnswer(); }};
};

TEST_F(DirectoryTest, IsWarmAtOnceWhenNothingHasToBeFound) {
  follow({{"orders", "10.0.0.1:80", "static"}});
  EXPECT_EQ(warm, 1);
  EXPECT_EQ(endpoints("orders", EndpointState::kHealthy), 1);
  EXPECT_EQ(directory.state(names.intern("orders")), nullptr);
}

TEST_F(DirectoryTest, UnhealthyEndpointsAreCountedApart) {
  follow({{"orders", "10.0.0.1:80", "static"}, {"a", "one"}});
  running.at(0)->events->onEndpoints(at({"10.0.0.1:80", "10.0.0.2:80"}));
  directory.setUnhealthy(names.intern("orders"), 1);
  directory.setUnhealthy(names.intern("a"), 1);
  for (const std::string_view name : {"orders", "a"}) {
    EXPECT_EQ(endpoints(name, EndpointState::kUnhealthy), 1);
    EXPECT_EQ(endpoints(name, EndpointState::kHealthy), name == "a" ? 1 : 0);
  }
  running.at(0)->events->onDiscoveryFailed("gone");
  EXPECT_EQ(endpoints("a", EndpointState::kStale), 1);
  EXPECT_EQ(endpoints("a", EndpointState::kUnhealthy), 1);
  directory.setUnhealthy(names.intern("a"), 0);
  EXPECT_EQ(endpoints("a", EndpointState::kStale), 2);
  follow({{"orders", "10.0.0.1:80", "static"}});
  EXPECT_EQ(endpoints("orders", EndpointState::kUnhealthy), 1);
  EXPECT_EQ(endpoints("a", EndpointState::kUnhealthy), 0);
}

TEST_F(DirectoryTest, IsWarmWhenAllHaveAnswered) {
  follow({{"a", "one"}, {"b", "two", "srv"}});
  EXPECT_EQ(warm, 0);
  running.at(0)->events->onEndpoints(at({"10.0.0.1:80", "10.0.0.2:80"}));
  EXPECT_EQ(warm, 0);
  ::testing::internal::CaptureStderr();
  running.at(1)->events->onDiscoveryFailed("no such name");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), ::testing::HasSubstr("upstream b"));
  EXPECT_EQ(warm, 1);
  EXPECT_EQ(heard, (std::vector<std::pair<NameId, std::size_t>>{{names.intern("a"), 2}}));
  EXPECT_EQ(endpoints("a", EndpointState::kHealthy), 2);
}

TEST_F(DirectoryTest, HasPatienceForAWhileOnly) {
  follow({{"a", "one"}});
  loop.advance(kPatience - Milliseconds(100));
  EXPECT_EQ(warm, 0);
  loop.advance(Milliseconds(200));
  EXPECT_EQ(warm, 1);
  running.at(0)->events->onEndpoints(at({"10.0.0.1:80"}));
  EXPECT_EQ(warm, 1);
  EXPECT_EQ(heard.size(), 1U);
}

TEST_F(DirectoryTest, TellsChangesOnly) {
  follow({{"a", "one"}});
  upstream::DiscoveryEvents& events = *running.at(0)->events;
  events.onEndpoints(at({"10.0.0.1:80"}));
  events.onEndpoints(at({"10.0.0.1:80"}));
  loop.advance(2 * DiscoveryWatch::kPause);
  events.onEndpoints(at({"10.0.0.2:80"}));
  EXPECT_EQ(heard.size(), 2U);
  EXPECT_EQ(updates("a", DiscoveryResult::kChanged), 2U);
  EXPECT_EQ(updates("a", DiscoveryResult::kUnchanged), 1U);
}

TEST_F(DirectoryTest, AFailureLeavesWhatWasKnownStale) {
  follow({{"a", "one"}});
  upstream::DiscoveryEvents& events = *running.at(0)->events;
  events.onEndpoints(at({"10.0.0.1:80"}));
  ::testing::internal::CaptureStderr();
  events.onDiscoveryFailed("no server answers");
  events.onDiscoveryFailed("no server answers");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              ::testing::EndsWith("warning upstream a: no server answers\n"));
  const Discoveries::State* state = directory.state(names.intern("a"));
  EXPECT_TRUE(state->stale);
  EXPECT_EQ(state->failure, "no server answers");
  EXPECT_EQ(state->endpoints->endpoints.size(), 1U);
  EXPECT_EQ(endpoints("a", EndpointState::kHealthy), 0);
  EXPECT_EQ(endpoints("a", EndpointState::kStale), 1);
  EXPECT_EQ(updates("a", DiscoveryResult::kFailed), 2U);
  directory.refreshMetrics();
  EXPECT_GT(cells.gauge(discoveryStaleKey(names.intern("a"))).value(), 0);
  events.onEndpoints(at({"10.0.0.1:80"}));
  directory.refreshMetrics();
  EXPECT_EQ(cells.gauge(discoveryStaleKey(names.intern("a"))).value(), 0);
  EXPECT_EQ(endpoints("a", EndpointState::kHealthy), 1);
  EXPECT_FALSE(state->stale);
}

TEST_F(DirectoryTest, AReloadLeavesWhatStaysAlone) {
  follow({{"a", "one"}, {"b", "two"}});
  Later* const kept = running.at(0);
  kept->events->onEndpoints(at({"10.0.0.1:80"}));
  follow({{"a", "one"}, {"b", "other"}});
  EXPECT_EQ(running.size(), 2U);
  EXPECT_EQ(running.at(0), kept);
  EXPECT_EQ(directory.state(names.intern("a"))->endpoints->endpoints.size(), 1U);
  EXPECT_EQ(directory.state(names.intern("b"))->endpoints, nullptr);
}

TEST_F(DirectoryTest, AReloadTellsThePlanBeforeThatItsTimeIsOver) {
  follow({{"a", "one"}});
  follow({{"a", "one"}});
  EXPECT_EQ(warm, 1);
  running.at(0)->events->onEndpoints(at({"10.0.0.1:80"}));
  EXPECT_EQ(warm, 2);
}

TEST_F(DirectoryTest, WhatLeavesIsNotLookedForAndNotCounted) {
  follow({{"a", "one"}, {"b", "10.0.0.1:80", "static"}});
  running.at(0)->events->onEndpoints(at({"10.0.0.1:80"}));
  EXPECT_EQ(endpoints("a", EndpointState::kHealthy), 1);
  follow({});
  EXPECT_TRUE(running.empty());
  EXPECT_EQ(endpoints("a", EndpointState::kHealthy), 0);
  EXPECT_EQ(endpoints("b", EndpointState::kHealthy), 0);
  EXPECT_EQ(directory.state(names.intern("a")), nullptr);
}

TEST_F(DirectoryTest, AnUpstreamMayBecomeAList) {
  follow({{"a", "one"}});
  running.at(0)->events->onEndpoints(at({"10.0.0.1:80", "10.0.0.2:80"}));
  follow({{"a", "10.0.0.3:80", "static"}});
  EXPECT_TRUE(running.empty());
  EXPECT_EQ(endpoints("a", EndpointState::kHealthy), 1);
}

}  // namespace
}  // namespace weir::server
