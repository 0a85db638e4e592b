#include "core/proxy/tunnel.h"

#include "tests/core/proxy/fixture.h"

namespace weir::proxy {
namespace {

using test::MemoryConnector;
using test::StreamPeer;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using upstream::retriesKey;
using upstream::RetryOutcome;

net::Address at(std::string_view text) { return net::Address::parse(text).value(); }

class TunnelTest : public ProxyTest {
 protected:
  TunnelTest() {
    on_upstream = nullptr;
    listener_plan.tcp = true;
    listener_plan.upstream = id("orders");
    listener_plan.tcp_idle_timeout = Milliseconds(60'000);
    defaults.retry.attempts = 1;
  }
  void begin() {
    startForwarding();
    client = &connect();
    turn();
  }
  std::uint64_t closedFor(Reason reason) {
    return count(connectionsClosedKey(listener_plan.id, TransportProtocol::kTcp, reason));
  }
  std::uint64_t attemptsFor(Reason reason) {
    return count(upstreamRequestsKey(id("orders"), 0, reason));
  }
  std::int64_t active() {
    return gauge(connectionsActiveKey(listener_plan.id, TransportProtocol::kTcp));
  }
  void expectGone(Reason reason) {
    EXPECT_EQ(closedFor(reason), 1U);
    EXPECT_EQ(active(), 0);
    EXPECT_EQ(listener->connections(), 0U);
    EXPECT_EQ(upstream_count.value(), 0U);
    EXPECT_EQ(logged().reason, reason);
    EXPECT_EQ(attemptsFor(reason), 1U);
  }

  StreamPeer* client = nullptr;
};

TEST_F(TunnelTest, CarriesBytesBothWays) {
  begin();
  client->send("question");
  turn();
  EXPECT_EQ(seenBy(0), "question");
  arrival(0).send("the answer");
  turn();
  EXPECT_EQ(client->received(), "the answer");
  EXPECT_EQ(active(), 1);
  EXPECT_EQ(count(tcpReceivedBytesKey(listener_plan.id, id("orders"))), 8U);
  EXPECT_EQ(count(tcpSentBytesKey(listener_plan.id, id("orders"))), 10U);
}

TEST_F(TunnelTest, EndsWhenBothSidesHaveEnded) {
  begin();
  client->send("question");
  client->end();
  turn();
  EXPECT_TRUE(arrival(0).ended());
  EXPECT_EQ(listener->connections(), 1U);
  arrival(0).send("answer");
  arrival(0).end();
  turn();
  EXPECT_EQ(client->received(), "answer");
  EXPECT_TRUE(client->ended());
  expectGone(Reason::kNone);
  EXPECT_EQ(logged().status, 0);
  EXPECT_EQ(logged().attempts, 1U);
  EXPECT_EQ(logged().client, "203.0.113.7");
  EXPECT_EQ(logged().upstream, "orders");
  EXPECT_EQ(logged().endpoint, "10.0.0.1:80");
  EXPECT_EQ(logged().request_bytes, 8U);
  EXPECT_EQ(logged().response_bytes, 6U);
}

TEST_F(TunnelTest, HoldsBytesUntilItIsConnected) {
  connector.setOutcome(MemoryConnector::Outcome::kHangs);
  begin();
  client->send("early");
  client->end();
  turn();
  connector.finishHanging();
  turn();
  EXPECT_EQ(seenBy(0), "early");
  EXPECT_TRUE(arrival(0).ended());
}

TEST_F(TunnelTest, StopsASenderWhoseReceiverDoesNot) {
  begin();
  arrival(0).stream().setReading(false);
  const std::string much(256 * 1024, 'x');
  auto& wire = static_cast<test::MemoryStream&>(client->stream());
  for (int i = 0; i < 4; ++i) {
    client->send(much);
    turn();
  }
  EXPECT_GT(wire.sent().waiting(), 0U);
  arrival(0).stream().setReading(true);
  pass(Milliseconds(200));
  EXPECT_EQ(seenBy(0).size(), 4 * much.size());
}

TEST_F(TunnelTest, WaitsForTheLastBytesToLeave) {
  begin();
  client->stream().setReading(false);
  arrival(0).send("slow answer");
  arrival(0).end();
  client->end();
  pass(Milliseconds(200));
  EXPECT_EQ(listener->connections(), 1U);
  client->stream().setReading(true);
  pass(Milliseconds(100));
  EXPECT_EQ(client->received(), "slow answer");
  expectGone(Reason::kNone);
}

TEST_F(TunnelTest, ABrokenServerBreaksTheClient) {
  begin();
  static_cast<test::MemoryStream&>(arrival(0).stream()).reset();
  turn();
  EXPECT_TRUE(client->broken());
  expectGone(Reason::kUpstreamResetBeforeHeaders);
}

TEST_F(TunnelTest, ABrokenServerAfterItSpokeIsToldApart) {
  begin();
  arrival(0).send("half an ans");
  turn();
  static_cast<test::MemoryStream&>(arrival(0).stream()).reset();
  turn();
  EXPECT_TRUE(client->broken());
  expectGone(Reason::kUpstreamResetAfterHeaders);
}

TEST_F(TunnelTest, ABrokenClientBreaksTheServer) {
  begin();
  static_cast<test::MemoryStream&>(client->stream()).reset();
  turn();
  EXPECT_TRUE(arrival(0).broken());
  expectGone(Reason::kClientDisconnect);
}

TEST_F(TunnelTest, AClientThatBreaksWhileConnectingLeavesNothing) {
  connector.setOutcome(MemoryConnector::Outcome::kHangs);
  begin();
  static_cast<test::MemoryStream&>(client->stream()).reset();
  turn();
  expectGone(Reason::kClientDisconnect);
}

TEST_F(TunnelTest, SilenceEndsIt) {
  begin();
  pass(Milliseconds(59'000));
  client->send("still here");
  pass(Milliseconds(59'000));
  EXPECT_FALSE(client->ended());
  pass(Milliseconds(2'000));
  EXPECT_TRUE(client->ended());
  EXPECT_FALSE(client->broken());
  expectGone(Reason::kStreamIdle);
  EXPECT_EQ(count(timeoutsKey(0, TimeoutStage::kIdle)), 1U);
}

TEST_F(TunnelTest, WhatIsStuckIsBroken) {
  begin();
  client->stream().setReading(false);
  arrival(0).send("nobody reads this");
  pass(Milliseconds(61'000));
  client->stream().setReading(true);
  turn();
  EXPECT_TRUE(client->broken());
  expectGone(Reason::kStreamIdle);
}

TEST_F(TunnelTest, AnotherEndpointIsTriedWhenOneRefuses) {
  connector.setOutcome(at("10.0.0.1:80"), MemoryConnector::Outcome::kRefuses);
  begin();
  ASSERT_EQ(arrivals.size(), 1U);
  EXPECT_EQ(arrivals[0].to, at("10.0.0.2:80"));
  client->send("question");
  client->end();
  turn();
  EXPECT_EQ(seenBy(0), "question");
  arrival(0).close();
  turn();
  EXPECT_EQ(logged().attempts, 2U);
  EXPECT_EQ(
      count(retriesKey(id("orders"), 0, Reason::kUpstreamConnectRefused, RetryOutcome::kSuccess)),
      1U);
  EXPECT_EQ(count(upstreamConnectionFailuresKey(id("orders"), ConnectFailure::kRefused)), 1U);
}

TEST_F(TunnelTest, TheClientIsBrokenWhenNoneAnswers) {
  connector.setOutcome(MemoryConnector::Outcome::kRefuses);
  begin();
  EXPECT_TRUE(client->broken());
  EXPECT_EQ(connector.attempts().size(), 2U);
  EXPECT_EQ(closedFor(Reason::kUpstreamConnectRefused), 1U);
  EXPECT_EQ(attemptsFor(Reason::kUpstreamConnectRefused), 2U);
  EXPECT_EQ(count(retriesSuppressedKey(id("orders"), RetryRefusal::kLimit)), 1U);
}

TEST_F(TunnelTest, ConnectingThatFailsAtOnceIsRetriedToo) {
  connector.setOutcome(at("10.0.0.1:80"), MemoryConnector::Outcome::kFails);
  begin();
  EXPECT_EQ(arrivals.size(), 1U);
  EXPECT_EQ(upstream_count.value(), 1U);
}

TEST_F(TunnelTest, ConnectingTakesSoLongAtMost) {
  options.connect_timeout = Milliseconds(1'000);
  connector.setOutcome(at("10.0.0.1:80"), MemoryConnector::Outcome::kHangs);
  begin();
  EXPECT_EQ(arrivals.size(), 0U);
  pass(Milliseconds(1'100));
  EXPECT_EQ(arrivals.size(), 1U);
  EXPECT_EQ(count(timeoutsKey(0, TimeoutStage::kConnect)), 1U);
  EXPECT_EQ(count(upstreamConnectionFailuresKey(id("orders"), ConnectFailure::kTimeout)), 1U);
}

TEST_F(TunnelTest, TheUpstreamsLimitHolds) {
  options.max_connections = 1;
  begin();
  StreamPeer& other = connect();
  turn();
  EXPECT_TRUE(other.broken());
  EXPECT_EQ(logged().reason, Reason::kQueueFull);
  EXPECT_EQ(count(limitRejectionsKey(LimitScope::kUpstream, LimitResource::kConnections)), 1U);
  EXPECT_EQ(upstream_count.value(), 1U);
}

TEST_F(TunnelTest, WithoutEndpointsTheClientIsBroken) {
  listener_plan.upstream = id("empty");
  begin();
  EXPECT_TRUE(client->broken());
  EXPECT_EQ(logged().reason, Reason::kNoHealthyUpstream);
  EXPECT_EQ(closedFor(Reason::kNoHealthyUpstream), 1U);
}

TEST_F(TunnelTest, BeforeDiscoveryAnsweredTheClientIsBroken) {
  listener_plan.upstream = id("unknown");
  begin();
  EXPECT_TRUE(client->broken());
  EXPECT_EQ(logged().reason, Reason::kUpstreamDnsError);
}

TEST_F(TunnelTest, DrainingLetsItGoOn) {
  begin();
  listener->drain();
  client->send("question");
  turn();
  EXPECT_EQ(seenBy(0), "question");
  listener->closeAll();
  turn();
  EXPECT_TRUE(client->broken());
  EXPECT_TRUE(arrival(0).broken());
  expectGone(Reason::kDraining);
}

TEST_F(TunnelTest, AReloadLeavesItAlone) {
  begin();
  clusters.erase("orders");
  listener_plan.upstream = id("shadow");
  start("[[route]]\nname = \"all\"\nupstream = \"shadow\"\n");
  client->send("question");
  turn();
  EXPECT_EQ(seenBy(0), "question");
  connect().send("other");
  turn();
  EXPECT_EQ(arrivals.at(1).to, at("10.0.9.1:80"));
}

TEST_F(TunnelTest, TellsTheUpstreamOfTheClient) {
  options.proxy_protocol = net::ProxyVersion::kText;
  begin();
  client->send("question");
  turn();
  // Connections in memory have no destination address.
  EXPECT_EQ(seenBy(0), "PROXY UNKNOWN\r\nquestion");
}

// An HTTP listener that forwards other protocols.
class GuessingTest : public TunnelTest {
 protected:
  GuessingTest() {
    listener_plan.tcp = false;
    listener_plan.header_timeout = Milliseconds(10'000);
  }
};

TEST_F(GuessingTest, ServesHttp) {
  on_upstream = answering(reply("hello"));
  begin();
  client->send(kGet);
  turn();
  EXPECT_THAT(client->received(), HasSubstr("hello"));
  EXPECT_EQ(logged().status, 200);
  EXPECT_EQ(count(connectionsOpenedKey(listener_plan.id, TransportProtocol::kTcp)), 1U);
  EXPECT_EQ(active(), 1);
  client->close();
  turn();
  EXPECT_EQ(active(), 0);
}

TEST_F(GuessingTest, ServesHttpByteByByte) {
  on_upstream = answering(reply("hello"));
  begin();
  for (const char& byte : kGet) {
    client->send({&byte, 1});
    turn();
  }
  EXPECT_THAT(client->received(), HasSubstr("hello"));
}

TEST_F(GuessingTest, CarriesWhatIsNoHttp) {
  begin();
  client->send("SET a b\r\n");
  turn();
  EXPECT_EQ(seenBy(0), "SET a b\r\n");
  EXPECT_EQ(count(tcpReceivedBytesKey(listener_plan.id, id("orders"))), 9U);
}

TEST_F(GuessingTest, AClientThatSpeaksAtOnceIsConnectedOnce) {
  begin();
  client->send("SET a b\r\n");
  turn();
  pass(Milliseconds(50));
  EXPECT_EQ(connector.attempts().size(), 1U);
  EXPECT_EQ(upstream_count.value(), 1U);
}

TEST_F(GuessingTest, AsksTheServerWhenTheClientIsSilent) {
  begin();
  EXPECT_EQ(arrivals.size(), 0U);
  pass(Milliseconds(50));
  ASSERT_EQ(arrivals.size(), 1U);
  arrival(0).send("220 welcome\r\n");
  turn();
  EXPECT_EQ(client->received(), "220 welcome\r\n");
  client->send(kGet);  // no longer detected as HTTP
  turn();
  EXPECT_THAT(seenBy(0), StartsWith("GET / "));
}

TEST_F(GuessingTest, LetsTheServerGoWhenTheClientSpeaksHttp) {
  begin();
  pass(Milliseconds(50));
  on_upstream = answering(reply("hello"));
  client->send(kGet);
  turn();
  EXPECT_TRUE(arrival(0).ended());
  EXPECT_THAT(client->received(), HasSubstr("hello"));
  EXPECT_EQ(attemptsFor(Reason::kNone), 0U);
}

TEST_F(GuessingTest, TheConnectionAheadOfNeedIsTheOneThatIsUsed) {
  begin();
  pass(Milliseconds(50));
  client->send("\x01\x02");
  turn();
  EXPECT_EQ(arrivals.size(), 1U);
  EXPECT_EQ(seenBy(0), "\x01\x02");
}

TEST_F(GuessingTest, AServerThatEndsAtOnceIsAskedAgain) {
  begin();
  pass(Milliseconds(50));
  arrival(0).close();
  pass(Milliseconds(50));
  EXPECT_FALSE(client->ended());
  client->send("\x01\x02");
  turn();
  ASSERT_EQ(arrivals.size(), 2U);
  EXPECT_EQ(seenBy(1), "\x01\x02");
}

TEST_F(GuessingTest, AServerThatRefusesIsNobodysLoss) {
  connector.setOutcome(MemoryConnector::Outcome::kRefuses);
  begin();
  pass(Milliseconds(100));
  EXPECT_FALSE(client->ended() || client->broken());
  connector.setOutcome(MemoryConnector::Outcome::kConnects);
  client->send("\x01");
  turn();
  EXPECT_EQ(seenBy(0), "\x01");
}

TEST_F(GuessingTest, AnEndWithoutAWordIsCarried) {
  begin();
  client->end();
  turn();
  EXPECT_TRUE(arrival(0).ended());
}

TEST_F(GuessingTest, HalfARequestIsAnsweredInTime) {
  begin();
  client->send("GET / HT");
  pass(Milliseconds(30'000));
  EXPECT_THAT(client->received(), StartsWith("HTTP/1.1 408 "));
}

TEST_F(GuessingTest, TheSilentGoWhenItDrains) {
  begin();
  pass(Milliseconds(50));
  listener->drain();
  pass(Milliseconds(4'900));
  EXPECT_FALSE(client->ended());
  pass(Milliseconds(200));
  EXPECT_TRUE(client->ended());
  EXPECT_EQ(listener->connections(), 0U);
  EXPECT_TRUE(log.lines.empty());
}

TEST_F(GuessingTest, OneThatSpeaksWhileItDrainsIsServed) {
  on_upstream = answering(reply("hello"));
  begin();
  listener->drain();
  pass(Milliseconds(1'000));
  client->send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  turn();
  EXPECT_THAT(client->received(), HasSubstr("\r\nconnection: close\r\n"));
  EXPECT_TRUE(client->ended());
}

}  // namespace
}  // namespace weir::proxy
