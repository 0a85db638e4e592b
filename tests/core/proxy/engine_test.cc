#include "core/proxy/engine.h"

#include <sys/socket.h>
#include <unistd.h>

#include "core/http/fetch.h"
#include "core/net/acceptor.h"
#include "tests/core/proxy/fixture.h"
#include "tests/support/plain_socket.h"

namespace weir::proxy {
namespace {

using test::PlainSocket;
using test::StreamPeer;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using EngineTest = ProxyTest;

upstream::SharedEndpoints endpointAt(std::string_view address) {
  upstream::EndpointSet set;
  set.endpoints.push_back({net::Address::parse(address).value(), 1, {}});
  return std::make_shared<const upstream::EndpointSet>(std::move(set));
}

TEST_F(EngineTest, EndpointsThatDiscoveryFindsLaterAreUsed) {
  start("[[route]]\nname = \"all\"\nupstream = \"unknown\"\n");
  EXPECT_THAT(get(), isLocalReply(503, "upstream_dns_error"));
  engine->clusters().setEndpoints(id("unknown"), endpointAt("10.0.0.5:80"));
  EXPECT_THAT(get(), EndsWith("hello"));
  EXPECT_EQ(arrivals[0].to.text(), "10.0.0.5:80");
}

TEST_F(EngineTest, EndpointsThatDiscoveryFoundBeforeTheFirstRequestAreUsed) {
  start("[[route]]\nname = \"all\"\nupstream = \"unknown\"\n");
  engine->clusters().setEndpoints(id("unknown"), endpointAt("10.0.0.5:80"));
  EXPECT_THAT(get(), EndsWith("hello"));
}

TEST_F(EngineTest, AReloadKeepsConnectionsToUpstreams) {
  startForwarding();
  get();
  startForwarding();
  EXPECT_THAT(get(), EndsWith("hello"));
  EXPECT_EQ(arrivals.size(), 1U);
}

TEST_F(EngineTest, AReloadMayMoveAnUpstream) {
  startForwarding();
  get();
  clusters["orders"] = {{"10.0.0.7:80"}};
  startForwarding();
  EXPECT_THAT(get(), EndsWith("hello"));
  EXPECT_EQ(arrivals[1].to.text(), "10.0.0.7:80");
  EXPECT_TRUE(arrival(0).ended());
}

TEST_F(EngineTest, AnUpstreamThatLeavesFinishesWhatItDoes) {
  startForwarding();
  on_upstream = nullptr;
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  turn();
  clusters.erase("orders");
  start("[[route]]\nname = \"gone\"\nrespond = { status = 410 }\n");
  EXPECT_THAT(get(), StartsWith("HTTP/1.1 410 Gone\r\n"));
  arrival(0).send(reply("still"));
  turn();
  EXPECT_THAT(client.received(), EndsWith("still"));
  EXPECT_TRUE(arrival(0).ended());
  pass(Milliseconds(1'100));
  EXPECT_EQ(gauge(upstreamConnectionsActiveKey(id("orders"))), 0);
  int visited = 0;
  engine->clusters().forEach([&](upstream::Cluster&) { ++visited; });
  EXPECT_EQ(visited, 0);
}

TEST_F(EngineTest, ARequestOfAnOldPlanMayStillNeedAnUpstreamThatLeft) {
  defaults.retry.attempts = 1;
  defaults.retry.failures.set(static_cast<std::size_t>(route::RetryOn::kConnectFailure));
  startForwarding();
  connector.setOutcome(test::MemoryConnector::Outcome::kHangs);
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  turn();
  const auto kept = clusters["orders"];
  clusters.erase("orders");
  start("[[route]]\nname = \"gone\"\nrespond = { status = 410 }\n");
  clusters["orders"] = kept;
  startForwarding();
  EXPECT_EQ(engine->plansInUse(), 2U);
  connector.setOutcome(test::MemoryConnector::Outcome::kConnects);
  EXPECT_THAT(get(), EndsWith("hello"));
  connector.finishHanging();
  turn();
  EXPECT_THAT(client.received(), EndsWith("hello"));
  pass(Milliseconds(1'100));
  EXPECT_EQ(engine->plansInUse(), 1U);
}

TEST_F(EngineTest, TheLogIsFlushedEverySecond) {
  startForwarding();
  EXPECT_TRUE(engine->hasPlan());
  pass(Milliseconds(3'100));
  EXPECT_EQ(log.flushes, 3);
}

TEST_F(EngineTest, GivesUpMirrorsAtItsEnd) {
  start("[[route]]\nname = \"all\"\nupstream = \"orders\"\nmirror = [\"shadow\"]\n");
  on_upstream = nullptr;
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  turn();
  listener->closeAll();
  listener = nullptr;
  engine = nullptr;
  turn();
  EXPECT_EQ(count(mirrorRequestsKey(id("shadow"), id("all"), MirrorOutcome::kSkipped, 0)), 1U);
}

// A listener with a socket, and clients that connect to it.
class GateTest : public ProxyTest {
 protected:
  void open() {
    startForwarding();
    auto socket = net::ListenSocket::open(net::Address::parse("127.0.0.1:0").value(), 16);
    ASSERT_TRUE(socket.ok());
    address = socket.value().address();
    EXPECT_TRUE(listener->open(std::move(socket.value())).ok());
  }
  PlainSocket& dial() {
    sockaddr_storage storage{};
    const auto length = address.toSocket(storage);
    const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(::connect(descriptor, reinterpret_cast<sockaddr*>(&storage), length), 0);
    sockets.push_back(std::make_unique<PlainSocket>(descriptor));
    turns();
    return *sockets.back();
  }
  void turns() {
    for (int i = 0; i < 20; ++i) loop.runOnce();
  }
  ~GateTest() override {
    listener->closeAll();
    turns();
  }

  net::Address address;
  std::vector<std::unique_ptr<PlainSocket>> sockets;
};

TEST_F(GateTest, AcceptsAndServes) {
  open();
  PlainSocket& client = dial();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  turns();
  EXPECT_THAT(client.take(), EndsWith("hello"));
  EXPECT_EQ(listener->connections(), 1U);
  EXPECT_EQ(listener_count.value(), 1U);
  EXPECT_EQ(process_count.value(), 1U);
  EXPECT_EQ(logged().client, "127.0.0.1");
}

TEST_F(GateTest, RefusesWhatIsOverTheListenersLimit) {
  listener_plan.max_connections = 1;
  open();
  dial();
  PlainSocket& refused = dial();
  const std::string answer = refused.take();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
  EXPECT_THAT(answer, HasSubstr("content-length: 47\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n{\"status\":503,\"reason\":\"overload_connections\"}\n"));
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, 47U);
  refused.take();
  EXPECT_TRUE(refused.ended());
  EXPECT_EQ(localReplies(503, Reason::kOverloadConnections, ""), 1U);
  EXPECT_EQ(count(limitRejectionsKey(LimitScope::kListener, LimitResource::kConnections)), 1U);
  EXPECT_EQ(process_count.value(), 1U);
}

TEST_F(GateTest, ARefusalSaysItsReasonWhereReasonsAreWanted) {
  listener_plan.max_connections = 1;
  listener_plan.reason_header = true;
  open();
  dial();
  EXPECT_THAT(dial().take(), HasSubstr("\r\nx-weir-reason: overload_connections\r\n"));
}

TEST_F(GateTest, ARefusalIsLogged) {
  listener_plan.max_connections = 1;
  open();
  dial();
  dial();
  EXPECT_EQ(logged().status, 503);
  EXPECT_EQ(logged().reason, Reason::kOverloadConnections);
  EXPECT_EQ(logged().client, "127.0.0.1");
}

TEST_F(GateTest, RefusesWhatIsOverTheProcessLimit) {
  open();
  listener->setPlan(std::make_shared<const ListenerPlan>(listener_plan), 1);
  dial();
  EXPECT_THAT(dial().take(), StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(process_count.value(), 1U);
  EXPECT_EQ(listener_count.value(), 1U);
}

TEST_F(GateTest, RefusesConnectionsWhenMemoryIsShort) {
  event::MemoryBudget budget;
  budget.setThresholds(1, 0);
  budget.add(1);
  loop.setBudget(budget);
  open();
  EXPECT_THAT(dial().take(), EndsWith("{\"status\":503,\"reason\":\"overload_memory\"}\n"));
  EXPECT_EQ(count(limitRejectionsKey(LimitScope::kListener, LimitResource::kMemory)), 1U);
  budget.add(-1);
  PlainSocket& client = dial();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  turns();
  EXPECT_THAT(client.take(), EndsWith("hello"));
}

TEST_F(GateTest, HasRoomAgainWhenOneLeaves) {
  listener_plan.max_connections = 1;
  open();
  dial().close();
  turns();
  PlainSocket& client = dial();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  turns();
  EXPECT_THAT(client.take(), EndsWith("hello"));
}

TEST_F(GateTest, AcceptsNoMoreOnceClosed) {
  open();
  PlainSocket& idle = dial();
  idle.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  turns();
  EXPECT_THAT(idle.take(), EndsWith("hello"));
  listener->close();
  turns();
  idle.take();
  EXPECT_TRUE(idle.ended());
  EXPECT_TRUE(listener->draining());
  EXPECT_EQ(listener->connections(), 0U);
  EXPECT_FALSE(listener->closed());
  loop.advance(Listener::kHandshakeGrace + event::Wheel::kTick);
  EXPECT_TRUE(listener->closed());
}

TEST_F(EngineTest, AWorkersClientUsesTheConnectionsOfItsExchanges) {
  startForwarding();
  get();
  std::optional<http::Fetched> fetched;
  const auto call = http::fetch(engine->client(), id("orders"), {.authority = "shop.test"}, {},
                                [&](http::Fetched outcome) { fetched = std::move(outcome); });
  turn();
  turn();
  ASSERT_TRUE(fetched.has_value());
  EXPECT_EQ(fetched->reply.value().body, "hello");
  EXPECT_EQ(arrivals.size(), 1U);
}

TEST_F(EngineTest, ACallToAnUpstreamThatLeavesIsCompleted) {
  on_upstream = nullptr;
  startForwarding();
  std::optional<http::Fetched> fetched;
  const auto call = http::fetch(engine->client(), id("orders"), {.authority = "shop.test"}, {},
                                [&](http::Fetched outcome) { fetched = std::move(outcome); });
  turn();
  clusters.erase("orders");
  start("[[route]]\nname = \"all\"\nrespond = { status = 204 }\n");
  pass(Milliseconds(2'000));
  arrival(0).send(reply("late"));
  turn();
  ASSERT_TRUE(fetched.has_value());
  EXPECT_EQ(fetched->reply.value().body, "late");
}

}  // namespace
}  // namespace weir::proxy
