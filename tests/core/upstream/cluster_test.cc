#include "core/upstream/cluster.h"

#include "tests/core/upstream/fixture.h"

namespace weir::upstream {
namespace {

using test::MemoryConnector;

TEST_F(ClusterTest, KnowsNoEndpointsBeforeItIsTold) {
  cluster = std::make_unique<Cluster>(Cluster::Tools{loop, connector, random, cells}, plan());
  EXPECT_FALSE(cluster->knowsEndpoints());
  EXPECT_EQ(cluster->pick({}), nullptr);
  cluster->setEndpoints(at({}));
  EXPECT_TRUE(cluster->knowsEndpoints());
  EXPECT_EQ(cluster->pick({}), nullptr);
}

TEST_F(ClusterTest, EndpointsWithoutWeightGetNoTraffic) {
  start({});
  EndpointSet set;
  set.endpoints.push_back({net::Address::parse("10.0.0.1:80").value(), 0, {}});
  set.endpoints.push_back({net::Address::parse("10.0.0.2:80").value(), 3, {}});
  cluster->setEndpoints(std::make_shared<const EndpointSet>(set));
  EXPECT_EQ(first().endpoint.address.text(), "10.0.0.2:80");
  EXPECT_EQ(first().endpoint.weight, 3U);
}

TEST_F(ClusterTest, DrainingEndpointsGetNoNewTrafficWhileThereAreOthers) {
  start({});
  EndpointSet set = *at({"10.0.0.1:80", "10.0.0.2:80"});
  cluster->setEndpoints(std::make_shared<const EndpointSet>(set));
  Member& leaving = first();
  Client& client = acquire(leaving);
  set.endpoints[0].draining = true;
  cluster->setEndpoints(std::make_shared<const EndpointSet>(set));
  EXPECT_EQ(first().endpoint.address.text(), "10.0.0.2:80");
  EXPECT_EQ(cluster->pick({.sticky = &leaving}), &leaving);  // its clients stay
  answer(0);
  EXPECT_EQ(client.told(), "fresh 204 ");
  cluster->done(leaving, {});
  EXPECT_TRUE(leaving.listed);
  set.endpoints[1].draining = true;
  cluster->setEndpoints(std::make_shared<const EndpointSet>(set));
  EXPECT_EQ(&first(), &leaving);  // better than nobody
  EXPECT_EQ(cluster->pick({.sticky = &leaving}), &leaving);
}

TEST_F(ClusterTest, AMemberThatDiscoveryHasNotReportedIsAsNewAsOthers) {
  loop.advance(Milliseconds(5'000));
  start({"10.0.0.1:80"});
  const Member& listed = first();
  const Member& other = cluster->memberAt(net::Address::parse("10.0.0.9:80").value());
  EXPECT_FALSE(other.listed);
  EXPECT_FALSE(other.available);
  EXPECT_TRUE(listed.available);
  EXPECT_EQ(other.since, listed.since);
  EXPECT_EQ(other.since, Nanoseconds(loop.now()));
  EXPECT_EQ(cluster->pick({}), &listed);
  cluster->setEndpoints(at({"10.0.0.9:80"}));
  EXPECT_EQ(&first(), &other);
  EXPECT_TRUE(other.available);
}

TEST_F(ClusterTest, AnEndpointThatIsListedAgainStaysTheSameMember) {
  start();
  Member* const before = &first();
  acquire(first());
  cluster->setEndpoints(at({"10.0.0.1:80", "10.0.0.3:80"}));
  EXPECT_EQ(&first(), before);
  EXPECT_EQ(first().in_flight, 1U);
  EXPECT_EQ(second().endpoint.address.text(), "10.0.0.3:80");
}

TEST_F(ClusterTest, AnEndpointThatLeavesLosesItsIdleConnections) {
  start();
  acquire(first());
  answer(0);
  cluster->done(first(), {});
  cluster->setEndpoints(at({"10.0.0.2:80"}));
  turn();
  EXPECT_EQ(cluster->open(), 0U);
  EXPECT_TRUE(peers[0]->ended());
}

TEST_F(ClusterTest, WhatIsInFlightToAnEndpointThatLeftIsFinished) {
  start();
  Member& left = first();
  Client& client = acquire(left);
  cluster->setEndpoints(at({"10.0.0.2:80"}));
  EXPECT_FALSE(left.listed);
  answer(0);
  EXPECT_EQ(client.told(), "fresh 204 ");
  EXPECT_EQ(cluster->open(), 0U);
  cluster->done(left, {});
}

TEST_F(ClusterTest, TheSameEndpointsChangeNothing) {
  start();
  const auto endpoints = at({"10.0.0.5:80"});
  cluster->setEndpoints(endpoints);
  Member* const before = &first();
  cluster->setEndpoints(endpoints);
  EXPECT_EQ(&first(), before);
}

TEST_F(ClusterTest, UnixSocketsAreEndpointsToo) {
  start({"unix:/run/orders.sock", "unix:/run/other.sock"});
  EXPECT_EQ(acquire(first()).told(), "fresh ");
  EXPECT_EQ(attempts(), "unix:/run/orders.sock ");
}

TEST_F(ClusterTest, ANewBalancerKnowsTheMembers) {
  start();
  acquire(first());
  options.balancer = config::Selected("reversed", nullptr, {});
  cluster->configure(plan(&Listing::makeReversed));
  EXPECT_EQ(first().endpoint.address.text(), "10.0.0.2:80");
  EXPECT_EQ(cluster->open(), 1U);
}

TEST_F(ClusterTest, NewOptionsHoldFromTheNextConnectionOn) {
  start();
  acquire(first());
  options.max_connections = 1;
  options.max_pending = 0;
  cluster->configure(plan());
  EXPECT_EQ(acquire(first()).told(), "exhausted ");
}

TEST_F(ClusterTest, UnderOtherTermsConnectionsTakeNothingMore) {
  start();
  Client& before = acquire(first());
  acquire(second());
  answer(1);
  EXPECT_EQ(cluster->idle(), 1U);
  options.protocol = http::VersionChoice::kHttp1;
  cluster->configure(plan());
  EXPECT_EQ(cluster->idle(), 0U);
  EXPECT_EQ(acquire(first()).told(), "fresh ");
  answer(0);
  EXPECT_EQ(before.told(), "fresh 204 ");
  EXPECT_EQ(cluster->open(), 1U);
}

TEST_F(ClusterTest, UnderTheSameTermsTheyStay) {
  const auto terms = [] {
    tls::ClientSetup made;
    made.protocols = {"h2", "http/1.1"};
    made.server_name = "a.test";
    return std::make_shared<const tls::ClientConfig>(std::move(made));
  };
  ClusterPlan before;
  before.tls = terms();
  ClusterPlan after;
  after.tls = terms();
  EXPECT_TRUE(after.hasTermsOf(before));
  tls::ClientSetup other = before.tls->options();
  other.server_name = "b.test";
  after.tls = std::make_shared<const tls::ClientConfig>(other);
  EXPECT_FALSE(after.hasTermsOf(before));
  after.tls = nullptr;
  EXPECT_FALSE(after.hasTermsOf(before));
}

TEST_F(ClusterTest, ALeavingClusterKeepsNothingThatIsNotInUse) {
  start();
  cluster->enter();
  acquire(first());
  acquire(second());
  answer(0);
  cluster->closeIdle();
  EXPECT_EQ(cluster->idle(), 0U);
  EXPECT_FALSE(cluster->quiet());
  answer(1);
  EXPECT_EQ(cluster->open(), 0U);
  EXPECT_FALSE(cluster->quiet());
  cluster->leave();
  EXPECT_TRUE(cluster->quiet());
}

TEST_F(ClusterTest, ALeavingClusterStillServesTheTriesOfExchangesInFlight) {
  start();
  cluster->enter();
  cluster->closeIdle();
  EXPECT_EQ(first().endpoint.address.text(), "10.0.0.1:80");
  Client& client = acquire(second());
  answer(0);
  EXPECT_EQ(client.told(), "fresh 204 ");
  EXPECT_EQ(cluster->open(), 0U);
  cluster->done(second(), {});
  EXPECT_EQ(second().endpoint.address.text(), "10.0.0.2:80");
  cluster->leave();
}

TEST_F(ClusterTest, EndsWithWhatIsOnItsWay) {
  start();
  connector.setOutcome(MemoryConnector::Outcome::kHangs);
  Client& client = acquire(first());
  cluster->cancel(client);
  cluster = nullptr;
  EXPECT_EQ(count.value(), 0U);
}

TEST_F(ClusterTest, EndsWithWhatIsStillLeaving) {
  start();
  Client& client = acquire(first());
  peers[0]->stream().setReading(false);
  client.send("what the upstream does not take");
  client.cancel();
  turn();
  EXPECT_EQ(cluster->open(), 1U);
  cluster = nullptr;
  EXPECT_EQ(count.value(), 0U);
}

TEST(ClusterOptions, DifferWhenAnythingDoes) {
  const ClusterOptions same;
  EXPECT_TRUE(same == ClusterOptions());
  ClusterOptions other;
  other.queue_timeout = Milliseconds(1);
  EXPECT_FALSE(same == other);
}

}  // namespace
}  // namespace weir::upstream
