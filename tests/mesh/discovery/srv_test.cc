#include "mesh/discovery/srv.h"

#include "tests/mesh/discovery/fixture.h"

namespace weir::mesh {
namespace {

using Fault = test::DnsServer::Fault;

constexpr const char* kName = "_http._tcp.shop.test";

class SrvDiscoveryTest : public DiscoveryTest {
 protected:
  SrvDiscoveryTest() {
    server.setA("a.test", {"10.0.0.1"}, 60);
    server.setA("b.test", {"10.0.0.2"}, 60);
  }
  const std::shared_ptr<const upstream::DiscoverySource> source = makeSrv({kName});
};

TEST_F(SrvDiscoveryTest, TakesHostsPortsAndWeights) {
  server.setSrv(kName, {{"a.test", 8080, 3, 1}, {"b.test", 8081, 2, 1}}, 60);
  start(*source);
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:8080*3 10.0.0.2:8081*2");
}

TEST_F(SrvDiscoveryTest, UsesTheFirstPriorityOnly) {
  server.setSrv(kName, {{"a.test", 80, 1, 20}, {"b.test", 80, 1, 10}}, 60);
  start(*source);
  EXPECT_EQ(heard.endpoints(), "10.0.0.2:80");
  EXPECT_EQ(server.queriesFor("A a.test"), 0U);
}

TEST_F(SrvDiscoveryTest, GoesOnToTheNextPriorityWhenTheFirstHasNoAddresses) {
  server.setSrv(kName, {{"gone.test", 80, 1, 10}, {"a.test", 80, 1, 20}, {"b.test", 80, 1, 30}},
                60);
  start(*source);
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");
  EXPECT_TRUE(heard.failures.empty());
  EXPECT_EQ(server.queriesFor("A b.test"), 0U);
}

TEST_F(SrvDiscoveryTest, GoesOnToTheNextPriorityWhenTheFirstCannotBeAskedFor) {
  server.setSrv(kName, {{"a.test", 80, 1, 10}, {"b.test", 80, 1, 20}}, 60);
  server.setFault("a.test", Fault::kServerFails);
  start(*source);
  EXPECT_EQ(heard.endpoints(), "10.0.0.2:80");
  ASSERT_EQ(heard.failures.size(), 1U);
  EXPECT_TRUE(heard.failures[0].starts_with("a.test: ")) << heard.failures[0];
  server.setFault("a.test", Fault::kNone);
  pass(Milliseconds(1'004));
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");
}

TEST_F(SrvDiscoveryTest, FailsWhenNoPriorityHasAddresses) {
  server.setSrv(kName, {{"gone.test", 80, 1, 10}, {"away.test", 80, 1, 20}}, 60);
  start(*source);
  EXPECT_EQ(heard.endpoints(), "nothing");
  EXPECT_EQ(heard.failures.size(), 1U);
}

TEST_F(SrvDiscoveryTest, StaysWithItsPriorityWhileItCannotBeAskedFor) {
  server.setSrv(kName, {{"a.test", 80, 1, 10}, {"b.test", 80, 1, 20}}, 60);
  start(*source);
  server.setFault("a.test", Fault::kServerFails);
  pass(Milliseconds(60'004));
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");
  EXPECT_EQ(heard.failures.size(), 1U);
}

TEST_F(SrvDiscoveryTest, StartsWithTheFamilyThatAnswers) {
  server.setSrv(kName, {{"a.test", 80, 1, 10}}, 60);
  server.setFault("AAAA a.test", Fault::kSilent);
  discovery = source->make({loop, *resolver, http_client, names});
  discovery->start(heard);
  for (int turn = 0; turn < 1'000 && server.queriesFor("AAAA a.test") == 0; ++turn) loop.runOnce();
  for (int turn = 0; turn < 50; ++turn) loop.runOnce();
  loop.advance(dns::Resolver::kFamilyDelay + event::Wheel::kTick);
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");
}

TEST_F(SrvDiscoveryTest, GivesWeightZeroTheLeastShare) {
  server.setSrv(kName, {{"a.test", 80, 0, 1}, {"b.test", 80, 5, 1}}, 60);
  start(*source);
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80 10.0.0.2:80*5");
}

TEST_F(SrvDiscoveryTest, SharesTheWeightOfATargetAmongItsAddresses) {
  server.setA("a.test", {"10.0.0.1", "10.0.0.3"}, 60);
  server.setSrv(kName, {{"a.test", 80, 10, 1}, {"b.test", 80, 10, 1}}, 60);
  start(*source);
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80*10 10.0.0.2:80*20 10.0.0.3:80*10");
}

TEST_F(SrvDiscoveryTest, AddsUpTheWeightsOfOneAddress) {
  server.setA("alias.test", {"10.0.0.1"}, 60);
  server.setSrv(kName, {{"a.test", 80, 3, 1}, {"alias.test", 80, 4, 1}}, 60);
  start(*source);
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80*7");
}

TEST_F(SrvDiscoveryTest, HoldsForTheSmallestTtl) {
  server.setSrv(kName, {{"a.test", 80, 1, 1}}, 50);
  server.setA("a.test", {"10.0.0.1"}, 20);
  start(*source);
  pass(Milliseconds(19'900));
  EXPECT_EQ(server.queriesFor("SRV " + std::string(kName)), 1U);
  pass(Milliseconds(104));
  EXPECT_EQ(server.queriesFor("SRV " + std::string(kName)), 2U);
}

TEST_F(SrvDiscoveryTest, DoesWithoutATargetThatDoesNotExist) {
  server.setSrv(kName, {{"a.test", 80, 1, 1}, {"gone.test", 80, 1, 1}}, 60);
  start(*source);
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");
  EXPECT_TRUE(heard.failures.empty());
}

TEST_F(SrvDiscoveryTest, KeepsAllEndpointsWhenATargetCannotBeAskedFor) {
  server.setSrv(kName, {{"a.test", 80, 1, 1}, {"b.test", 80, 1, 1}}, 60);
  start(*source);
  server.setFault("b.test", Fault::kServerFails);
  pass(Milliseconds(60'004));
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80 10.0.0.2:80");
  EXPECT_EQ(heard.failures.size(), 1U);
}

TEST_F(SrvDiscoveryTest, StartsWithTheTargetsThatItFinds) {
  server.setSrv(kName, {{"a.test", 80, 1, 1}, {"b.test", 80, 1, 1}}, 60);
  server.setFault("b.test", Fault::kServerFails);
  start(*source);
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");
  EXPECT_EQ(heard.failures.size(), 1U);
  server.setFault("b.test", Fault::kNone);
  pass(Milliseconds(1'004));
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80 10.0.0.2:80");
}

TEST_F(SrvDiscoveryTest, FailsWhenNoTargetExists) {
  server.setSrv(kName, {{"gone.test", 80, 1, 1}}, 60);
  start(*source);
  EXPECT_EQ(heard.endpoints(), "nothing");
  ASSERT_EQ(heard.failures.size(), 1U);
  EXPECT_TRUE(heard.failures[0].starts_with("gone.test: ")) << heard.failures[0];
}

TEST_F(SrvDiscoveryTest, KeepsTheLastAnswerWhenTheRecordsAreGone) {
  server.setSrv(kName, {{"a.test", 80, 1, 1}}, 60);
  start(*source);
  server.remove(kName);
  pass(Milliseconds(60'004));
  EXPECT_EQ(heard.endpoints(), "10.0.0.1:80");
  ASSERT_EQ(heard.failures.size(), 1U);
  EXPECT_TRUE(heard.failures[0].starts_with(kName)) << heard.failures[0];
}

TEST_F(SrvDiscoveryTest, EndsWithItsObjectWhileTargetsAreAskedFor) {
  server.setSrv(kName, {{"a.test", 80, 1, 1}, {"b.test", 80, 1, 1}}, 60);
  discovery = source->make({loop, *resolver, http_client, names});
  discovery->start(heard);
  for (int turn = 0; turn < 1'000 && server.queriesFor("A a.test") == 0; ++turn) loop.runOnce();
  discovery.reset();
  for (int turn = 0; turn < 50; ++turn) loop.runOnce();
  EXPECT_EQ(told(), 0U);
}

TEST(SrvSource, IsTheSameForTheSameName) {
  EXPECT_EQ(makeSrv({"a"})->identity(), makeSrv({"a"})->identity());
  EXPECT_NE(makeSrv({"a"})->identity(), makeSrv({"b"})->identity());
}

TEST(SrvSettings, AreRead) {
  SrvSettings settings;
  EXPECT_EQ(mistakesIn("name = '_http._tcp.orders.internal'", settings), "");
  EXPECT_EQ(settings.name, "_http._tcp.orders.internal");
}

TEST(SrvSettings, RefuseAPort) {
  EXPECT_EQ(mistakesIn<SrvSettings>("name = 'orders.internal:80'"),
            "test:1:8: name: is not a name; the records hold the ports\n");
  EXPECT_NE(mistakesIn<SrvSettings>("name = ''"), "");
}

}  // namespace
}  // namespace weir::mesh
