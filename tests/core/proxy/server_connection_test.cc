#include "core/proxy/server_connection.h"

#include "tests/core/proxy/fixture.h"

namespace weir::proxy {
namespace {

using test::MemoryStream;
using test::StreamPeer;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class ServerConnectionTest : public ProxyTest {
 protected:
  ServerConnectionTest() {
    listener_plan.header_timeout = Milliseconds(10'000);
    listener_plan.idle_timeout = Milliseconds(75'000);
  }
};

TEST_F(ServerConnectionTest, IsClosedWhenNothingComes) {
  startForwarding();
  StreamPeer& client = connect();
  pass(Milliseconds(9'900));
  EXPECT_FALSE(client.ended());
  pass(Milliseconds(200));
  EXPECT_TRUE(client.ended());
  EXPECT_THAT(client.received(), IsEmpty());
  EXPECT_EQ(listener->connections(), 0U);
}

TEST_F(ServerConnectionTest, IsClosedWhenIdleForTooLong) {
  startForwarding();
  StreamPeer& client = connect();
  client.send(kGet);
  pass(Milliseconds(74'000));
  client.send(kGet);
  pass(Milliseconds(74'000));
  EXPECT_FALSE(client.ended());
  pass(Milliseconds(1'200));
  EXPECT_TRUE(client.ended());
}

TEST_F(ServerConnectionTest, MayHaveNoTimeLimits) {
  listener_plan.header_timeout = Milliseconds(0);
  listener_plan.idle_timeout = Milliseconds(0);
  startForwarding();
  StreamPeer& client = connect();
  client.send(kGet);
  pass(Milliseconds(200'000));
  EXPECT_FALSE(client.ended());
}

TEST_F(ServerConnectionTest, AHeadThatWaitedForItsTurnHasItsTimeToo) {
  startForwarding();
  on_upstream = nullptr;
  StreamPeer& client = connect();
  client.send(std::string(kGet) + "GET /slow HTTP/1.1\r\nHo");
  turn();
  arrival(0).send(reply("hello"));
  turn();
  EXPECT_THAT(client.takeReceived(), EndsWith("hello"));
  pass(Milliseconds(10'100));
  EXPECT_THAT(client.received(), isLocalReply(408, "header_timeout"));
}

TEST_F(ServerConnectionTest, ARequestInHandHasNoTimeLimitOfTheConnection) {
  startForwarding();
  on_upstream = nullptr;
  StreamPeer& client = connect();
  client.send(kGet);
  pass(Milliseconds(100'000));
  EXPECT_FALSE(client.ended());
  arrival(0).send(reply("late"));
  turn();
  EXPECT_THAT(client.received(), EndsWith("late"));
}

TEST_F(ServerConnectionTest, ByteByByteIsAsGoodAsWhole) {
  startForwarding();
  StreamPeer& client = connect();
  static_cast<MemoryStream&>(client.stream()).sent().setFragment(1);
  client.send(std::string(kGet) + std::string(kGet));
  turn();
  EXPECT_EQ(count(requestsKey(listener_plan.id, id("all"), 0, AppProtocol::kH1, 200)), 2U);
}

TEST_F(ServerConnectionTest, LeavesAClientTimeToReadTheLastWords) {
  startForwarding();
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: a b\r\n\r\n");
  turn();
  EXPECT_THAT(client.received(), isLocalReply(400, "bad_request"));
  EXPECT_TRUE(client.ended());
  client.send("what nobody reads any more");
  pass(Milliseconds(1'900));
  EXPECT_EQ(listener->connections(), 1U);
  pass(Milliseconds(200));
  EXPECT_EQ(listener->connections(), 0U);
}

TEST_F(ServerConnectionTest, LingersNoLongerThanTheClientDoes) {
  startForwarding();
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: a b\r\n\r\n");
  turn();
  client.end();
  turn();
  EXPECT_EQ(listener->connections(), 0U);
}

TEST_F(ServerConnectionTest, LingersNoLongerThanTheConnectionDoes) {
  startForwarding();
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: a b\r\n\r\n");
  turn();
  static_cast<MemoryStream&>(client.stream()).reset();
  turn();
  EXPECT_EQ(listener->connections(), 0U);
}

TEST_F(ServerConnectionTest, AClientMayEndBetweenRequests) {
  startForwarding();
  StreamPeer& client = connect();
  client.send(kGet);
  turn();
  client.end();
  turn();
  EXPECT_EQ(listener->connections(), 0U);
  EXPECT_EQ(count(connectionsClosedKey(listener_plan.id, TransportProtocol::kTcp, Reason::kNone)),
            1U);
}

TEST_F(ServerConnectionTest, AResetEndsWhatIsInHand) {
  startForwarding();
  on_upstream = nullptr;
  StreamPeer& client = connect();
  client.send(kGet);
  turn();
  static_cast<MemoryStream&>(client.stream()).reset();
  turn();
  EXPECT_EQ(listener->connections(), 0U);
  EXPECT_EQ(logged().reason, Reason::kClientDisconnect);
  pass(Milliseconds(1'100));  // the time for a response that would leave the connection reusable
  EXPECT_TRUE(arrival(0).ended());
}

TEST_F(ServerConnectionTest, AnIdleOneClosesWhenTheGateDrains) {
  startForwarding();
  StreamPeer& client = connect();
  client.send(kGet);
  turn();
  listener->drain();
  turn();
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(listener->connections(), 0U);
}

TEST_F(ServerConnectionTest, OneInUseSaysThatItIsTheLastRequest) {
  startForwarding();
  on_upstream = nullptr;
  StreamPeer& client = connect();
  client.send(std::string(kGet) + std::string(kGet));
  turn();
  listener->drain();
  turn();
  EXPECT_FALSE(client.ended());
  arrival(0).send(reply("hello"));
  turn();
  EXPECT_THAT(client.received(), HasSubstr("\r\nconnection: close\r\n"));
  EXPECT_THAT(client.received(), EndsWith("hello"));
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(count(requestsKey(listener_plan.id, id("all"), 0, AppProtocol::kH1, 200)), 1U);
}

TEST_F(ServerConnectionTest, ATunnelOutlivesTheDraining) {
  startForwarding();
  on_upstream = answering(
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n");
  StreamPeer& client = connect();
  client.send(
      "GET / HTTP/1.1\r\nHost: a.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  turn();
  on_upstream = nullptr;
  listener->drain();
  client.send("ping");
  turn();
  EXPECT_FALSE(client.ended());
  EXPECT_THAT(seenBy(0), EndsWith("ping"));
}

TEST_F(ServerConnectionTest, AnIdleOneThatCameOnOtherTermsCloses) {
  startForwarding();
  StreamPeer& client = connect();
  client.send(kGet);
  turn();
  listener->setPlan(std::make_shared<const ListenerPlan>(listener_plan), 0);  // on the same ones
  turn();
  EXPECT_FALSE(client.ended());
  listener_plan.proxy_protocol = ProxyProtocol::kOptional;
  listener->setPlan(std::make_shared<const ListenerPlan>(listener_plan), 0);
  turn();
  EXPECT_TRUE(client.ended());
  EXPECT_FALSE(listener->draining());
}

TEST_F(ServerConnectionTest, AFreshOneThatCameOnOtherTermsIsNotServedEither) {
  startForwarding();
  StreamPeer& client = connect();
  listener_plan.proxy_protocol = ProxyProtocol::kOptional;
  listener->setPlan(std::make_shared<const ListenerPlan>(listener_plan), 0);
  client.send(kGet);
  turn();
  EXPECT_TRUE(client.ended());
  EXPECT_TRUE(arrivals.empty());
}

TEST_F(ServerConnectionTest, OneInUseThatCameOnOtherTermsAnswersAndCloses) {
  startForwarding();
  on_upstream = nullptr;
  StreamPeer& client = connect();
  client.send(kGet);
  turn();
  listener_plan.proxy_protocol = ProxyProtocol::kOptional;
  listener->setPlan(std::make_shared<const ListenerPlan>(listener_plan), 0);
  client.send(kGet);
  turn();
  arrival(0).send(reply("late"));
  turn();
  EXPECT_THAT(client.received(), HasSubstr("connection: close\r\n"));
  EXPECT_THAT(client.received(), EndsWith("late"));
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(arrivals.size(), 1U);  // the second request was not forwarded
}

TEST_F(ServerConnectionTest, DrainsAtTheAgeThatIsSet) {
  listener_plan.max_connection_age = Milliseconds(1'000);
  startForwarding();
  StreamPeer& client = connect();
  client.send(kGet);
  pass(Milliseconds(880));
  EXPECT_FALSE(client.ended());
  pass(Milliseconds(140));
  EXPECT_TRUE(client.ended());
}

TEST_F(ServerConnectionTest, OneThatComesWhileTheGateDrainsIsServedOnce) {
  startForwarding();
  listener->drain();
  StreamPeer& client = connect();
  client.send(kGet);
  turn();
  EXPECT_THAT(client.received(), HasSubstr("connection: close\r\n"));
  EXPECT_TRUE(client.ended());
}

// A client that has just connected has its request in transit.
TEST_F(ServerConnectionTest, AFreshOneGetsItsFirstRequestAnsweredWhenTheGateDrains) {
  startForwarding();
  StreamPeer& client = connect();
  turn();
  listener->drain();
  pass(Milliseconds(4'900));
  EXPECT_FALSE(client.ended());
  client.send(kGet);
  turn();
  EXPECT_THAT(client.received(), HasSubstr("connection: close\r\n"));
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(listener->connections(), 0U);
}

TEST_F(ServerConnectionTest, AFreshOneThatStaysSilentEndsAfterTheGrace) {
  startForwarding();
  StreamPeer& before = connect();
  turn();
  listener->drain();
  StreamPeer& after = connect();
  pass(Milliseconds(4'900));
  EXPECT_EQ(listener->connections(), 2U);
  pass(Milliseconds(200));
  EXPECT_TRUE(before.ended());
  EXPECT_TRUE(after.ended());
  EXPECT_EQ(listener->connections(), 0U);
}

// Empty lines between two requests (RFC 9112, 2.2) are not a request.
TEST_F(ServerConnectionTest, EmptyLinesDoNotKeepAnIdleOne) {
  listener_plan.idle_timeout = Milliseconds(1'000);
  startForwarding();
  StreamPeer& client = connect();
  client.send(kGet);
  turn();
  for (int i = 0; i < 3 && !client.ended(); ++i) {
    client.send("\r\n");
    pass(Milliseconds(400));
  }
  EXPECT_TRUE(client.ended());
}

TEST_F(ServerConnectionTest, AnAnswerThatIsNotReadEndsTheConnection) {
  listener_plan.http2.send_timeout = Milliseconds(1'000);
  startForwarding();
  on_upstream = answering(reply(std::string(200'000, 'x')));
  StreamPeer& client = connect();
  static_cast<MemoryStream&>(client.stream()).received().setStalled(true);
  client.send(kGet);
  pass(Milliseconds(3'000));
  EXPECT_EQ(listener->connections(), 0U);
  EXPECT_EQ(count(timeoutsKey(0, TimeoutStage::kSend)), 1U);
}

TEST_F(ServerConnectionTest, BreakingAllLeavesNothing) {
  startForwarding();
  on_upstream = nullptr;
  connect().send(kGet);
  connect().send("GET / HT");
  connect();
  turn();
  EXPECT_EQ(listener->connections(), 3U);
  listener->closeAll();
  EXPECT_EQ(listener->connections(), 0U);
  EXPECT_EQ(listener_count.value(), 0U);
  EXPECT_EQ(process_count.value(), 0U);
}

TEST_F(ServerConnectionTest, NewLimitsOfAReloadHoldForNewRequests) {
  startForwarding();
  StreamPeer& client = connect();
  client.send(kGet);
  turn();
  listener_plan.idle_timeout = Milliseconds(1'000);
  startForwarding();
  client.send(kGet);
  pass(Milliseconds(1'100));
  EXPECT_TRUE(client.ended());
}

}  // namespace
}  // namespace weir::proxy
