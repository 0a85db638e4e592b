#include "core/server/discovery_watch.h"

#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "core/dns/resolver.h"
#include "core/state/directory.h"
#include "tests/core/server/fixture.h"
#include "tests/support/fake_client.h"
#include "tests/support/temporary_directory.h"

namespace weir::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using upstream::DiscoveryResult;
using upstream::EndpointState;

constexpr Milliseconds kHold{10'000};

// One discovery, whose answers the test supplies, with manual time.
class DiscoveryWatchTest : public ::testing::Test, private DiscoveryWatch::Owner {
 protected:
  DiscoveryWatchTest() { restart(); }
  ~DiscoveryWatchTest() override {
    end();
    resolver = nullptr;
    loop.advance(Milliseconds(0));
  }

  void end() {
    watch = nullptr;
    saved = nullptr;
  }
  // As after a start of the process, with the directory of the one before.
  void restart(const std::string& source = "one") {
    end();
    published.clear();
    answers = 0;
    saved = std::make_unique<state::Directory>(cells);
    EXPECT_TRUE(saved->open(folder.path() + "/state"));
    auto cluster = std::make_shared<upstream::ClusterPlan>();
    cluster->id = names.intern("orders");
    cluster->name = names.name(cluster->id);
    cluster->discovery_kind = names.intern("dns");
    cluster->discovery = std::make_shared<const LaterSource>(source, running);
    cluster->options.empty_hold = hold;
    DiscoveryWatch::Owner& owner = *this;
    watch = std::make_unique<DiscoveryWatch>(
        DiscoveryWatch::Tools{tools, cells, saved.get(), owner}, cluster);
    watch->start();
  }
  // Endpoints 10.0.0.1 and so on.
  static upstream::SharedEndpoints numbered(const std::vector<int>& numbers) {
    upstream::EndpointSet set;
    for (const int number : numbers) {
      set.endpoints.push_back(
          {net::Address::parse("10.0.0." + std::to_string(number) + ":80").value(), 1, {}});
    }
    return std::make_shared<const upstream::EndpointSet>(std::move(set));
  }
  void found(const std::vector<int>& numbers) {
    running.at(0)->events->onEndpoints(numbered(numbers));
  }
  void failed(std::string_view why) { running.at(0)->events->onDiscoveryFailed(why); }
  std::size_t known() const {
    const auto& endpoints = watch->state().endpoints;
    return endpoints == nullptr ? 0 : endpoints->endpoints.size();
  }
  std::uint64_t updates(DiscoveryResult result) {
    return cells
        .counter(upstream::discoveryUpdatesKey(names.intern("orders"), names.intern("dns"), result))
        .value();
  }
  std::int64_t endpoints(EndpointState state) {
    return cells.gauge(upstream::upstreamEndpointsKey(names.intern("orders"), state)).value();
  }

  void onEndpoints(NameId, const upstream::SharedEndpoints& endpoints) override {
    published.push_back(endpoints->endpoints.size());
  }
  void onAnswer() override { ++answers; }

  test::TemporaryDirectory folder;
  event::Loop loop{event::Loop::Time::kManual};
  test::FakeClient http_client{loop};
  std::unique_ptr<dns::Resolver> resolver =
      std::move(dns::Resolver::make(loop, {.servers = {"127.0.0.1:1"}}).value());
  NameTable names;
  MetricCells cells;
  const upstream::DiscoveryTools tools{loop, *resolver, http_client, names};
  std::vector<Later*> running;
  std::vector<std::size_t> published;  // the numbers of endpoints
  int answers = 0;
  std::optional<Milliseconds> hold = kHold;
  std::unique_ptr<state::Directory> saved;
  std::unique_ptr<DiscoveryWatch> watch;
};

TEST_F(DiscoveryWatchTest, PublishesTheFirstChangeAtOnceAndOthersTogether) {
  found({1});
  found({1, 2});
  found({1, 2, 3});
  EXPECT_THAT(published, ElementsAre(1));
  EXPECT_EQ(known(), 1U);
  loop.advance(DiscoveryWatch::kPause + event::Wheel::kTick);
  EXPECT_THAT(published, ElementsAre(1, 3));
  loop.advance(DiscoveryWatch::kPause + event::Wheel::kTick);
  found({1});
  EXPECT_THAT(published, ElementsAre(1, 3, 1));
  EXPECT_EQ(updates(DiscoveryResult::kChanged), 4U);
}

TEST_F(DiscoveryWatchTest, PublishesNothingIfAChangeIsTakenBack) {
  found({1});
  found({1, 2});
  found({1});
  loop.advance(DiscoveryWatch::kStormPause);
  EXPECT_THAT(published, ElementsAre(1));
}

TEST_F(DiscoveryWatchTest, AStormIsPublishedOnceASecond) {
  constexpr Milliseconds kEach{10};
  const auto storm = [&](int changes) {
    for (int i = 0; i < changes; ++i) {
      found({1, 2 + i % 250});
      loop.advance(kEach);
    }
  };
  storm(200);  // two seconds, in which the pause becomes longer
  const std::size_t before = published.size();
  EXPECT_LE(before, DiscoveryWatch::kStorm + 2);
  storm(500);
  EXPECT_LE(published.size() - before, 5U);
  EXPECT_GE(published.size() - before, 4U);
  loop.advance(DiscoveryWatch::kStormPause + event::Wheel::kTick);
  loop.advance(DiscoveryWatch::kStormPause + event::Wheel::kTick);
  const std::size_t after = published.size();
  found({1});
  EXPECT_EQ(published.size(), after + 1);  // calm again: at once
}

TEST_F(DiscoveryWatchTest, AFailureChangesNothing) {
  found({1, 2});
  failed("no server answers");
  EXPECT_EQ(known(), 2U);
  EXPECT_TRUE(watch->state().stale);
  EXPECT_EQ(endpoints(EndpointState::kStale), 2);
  loop.advance(std::chrono::hours(24));
  EXPECT_EQ(known(), 2U);
  found({1, 2});
  EXPECT_FALSE(watch->state().stale);
  EXPECT_THAT(published, ElementsAre(2));
}

TEST_F(DiscoveryWatchTest, TheEndOfAllEndpointsIsBelievedAfterAWhile) {
  found({1, 2});
  ::testing::internal::CaptureStderr();
  found({});
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("keeping 2 for 10s"));
  EXPECT_EQ(updates(DiscoveryResult::kHeld), 1U);
  EXPECT_TRUE(watch->state().stale);
  loop.advance(kHold / 2);
  found({});  // the wait does not begin again
  loop.advance(kHold / 2 - Milliseconds(100));
  EXPECT_EQ(known(), 2U);
  loop.advance(Milliseconds(200));
  EXPECT_EQ(known(), 0U);
  EXPECT_THAT(published, ElementsAre(2, 0));
  EXPECT_FALSE(watch->state().stale);
  loop.advance(2 * DiscoveryWatch::kPause);
  found({3});
  EXPECT_EQ(known(), 1U);
}

TEST_F(DiscoveryWatchTest, EndpointsThatComeBackInTimeWereNeverGone) {
  found({1, 2});
  found({});
  loop.advance(kHold / 2);
  found({1, 2});
  loop.advance(kHold * 2);
  EXPECT_THAT(published, ElementsAre(2));
}

TEST_F(DiscoveryWatchTest, AFailureEndsTheWaitForTheEndOfAllEndpoints) {
  found({1});
  found({});
  loop.advance(kHold / 2);
  failed("no server answers");
  loop.advance(kHold * 2);
  EXPECT_EQ(known(), 1U);
}

TEST_F(DiscoveryWatchTest, TheEndOfAllEndpointsMayNeverBeBelieved) {
  hold = std::nullopt;
  restart();
  found({1});
  ::testing::internal::CaptureStderr();
  found({});
  found({});
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("keeping 1\n"));
  EXPECT_EQ(log.find("keeping"), log.rfind("keeping"));
  loop.advance(std::chrono::hours(24));
  EXPECT_EQ(known(), 1U);
}

TEST_F(DiscoveryWatchTest, TheEndOfAllEndpointsMayBeBelievedAtOnce) {
  hold = Milliseconds(0);
  restart();
  found({1});
  loop.advance(DiscoveryWatch::kPause * 2);
  found({});
  EXPECT_THAT(published, ElementsAre(1, 0));
}

TEST_F(DiscoveryWatchTest, NoEndpointsAtFirstAreBelieved) {
  found({});
  EXPECT_THAT(published, ElementsAre(0));
  EXPECT_TRUE(watch->answered());
}

TEST_F(DiscoveryWatchTest, AfterARestartUsesTheEndpointsBefore) {
  found({1, 2});
  ::testing::internal::CaptureStderr();
  restart();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("upstream orders: using 2 endpoints of the state directory"));
  EXPECT_THAT(published, ElementsAre(2));
  EXPECT_TRUE(watch->state().stale);
  EXPECT_FALSE(watch->answered());
  failed("no server answers");
  EXPECT_TRUE(watch->answered());
  EXPECT_EQ(answers, 1);
  EXPECT_EQ(known(), 2U);
  found({1, 2});
  EXPECT_THAT(published, ElementsAre(2));
  EXPECT_FALSE(watch->state().stale);
  found({});
  EXPECT_EQ(known(), 2U);
}

TEST_F(DiscoveryWatchTest, SavesWithinASecondAndThenRarely) {
  const std::string file = folder.path() + "/state/endpoints-orders";
  const auto content = [&file] {
    std::ifstream stream(file);
    return std::string(std::istreambuf_iterator<char>(stream), {});
  };
  found({1});
  EXPECT_EQ(content(), "");
  loop.advance(std::chrono::seconds(1) + event::Wheel::kTick);
  const std::string first = content();
  EXPECT_NE(first, "");
  found({1, 2});
  loop.advance(std::chrono::seconds(9));
  EXPECT_EQ(content(), first);
  loop.advance(std::chrono::seconds(2));
  EXPECT_NE(content(), first);
}

TEST_F(DiscoveryWatchTest, DoesNotUseTheEndpointsOfAnotherSource) {
  found({1});
  restart("other");
  EXPECT_TRUE(published.empty());
}

TEST_F(DiscoveryWatchTest, DoesNotUseDamagedEndpoints) {
  found({1});
  end();
  test::writeFile(folder.path() + "/state/endpoints-orders", "damaged");
  ::testing::internal::CaptureStderr();
  restart();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("ignoring"));
  EXPECT_TRUE(published.empty());
}

TEST_F(DiscoveryWatchTest, RefusesTooManyEndpoints) {
  upstream::EndpointSet set;
  for (std::uint32_t i = 0; i < DiscoveryWatch::kMostEndpoints; ++i) {
    const auto byte = [i](unsigned shift) { return static_cast<std::uint8_t>(i >> shift); };
    set.endpoints.push_back({{IpAddress::v4({10, byte(16), byte(8), byte(0)}), 80}, 1, {}});
  }
  const auto most = std::make_shared<const upstream::EndpointSet>(set);
  running.at(0)->events->onEndpoints(most);
  EXPECT_EQ(known(), DiscoveryWatch::kMostEndpoints);
  set.endpoints.push_back({{IpAddress::v4({11, 0, 0, 1}), 80}, 1, {}});
  running.at(0)->events->onEndpoints(std::make_shared<const upstream::EndpointSet>(set));
  EXPECT_EQ(known(), DiscoveryWatch::kMostEndpoints);
  EXPECT_EQ(watch->state().failure, "more than 100000 endpoints");
}

TEST_F(DiscoveryWatchTest, CountsDrainingEndpoints) {
  auto set = *numbered({1, 2, 3});
  set.endpoints[1].draining = true;
  running.at(0)->events->onEndpoints(std::make_shared<const upstream::EndpointSet>(set));
  EXPECT_EQ(endpoints(EndpointState::kHealthy), 2);
  EXPECT_EQ(endpoints(EndpointState::kDraining), 1);
}

}  // namespace
}  // namespace weir::server
