#include "core/base/reason.h"
#include "tests/core/proxy/fixture.h"

// Each reason for a failed exchange, with the response, the metric and the log.
namespace weir::proxy {
namespace {

using test::MemoryConnector;
using test::MemoryStream;
using test::StreamPeer;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

using ExchangeReason = ProxyTest;

constexpr std::string_view kPost =
    "POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 10\r\n\r\n";

TEST_F(ExchangeReason, NoRouteMatches) {
  start("[[route]]\nname = \"all\"\nmatch = { path = \"/here\" }\nupstream = \"orders\"\n");
  EXPECT_THAT(get("/there"), isLocalReply(404, "no_route"));
  EXPECT_EQ(localReplies(404, Reason::kNoRoute, ""), 1U);
  EXPECT_EQ(logged().status, 404);
  EXPECT_EQ(logged().attempts, 0U);
  EXPECT_EQ(logged().client, "203.0.113.7");
}

TEST_F(ExchangeReason, TheUpstreamHasNoEndpoint) {
  start("[[route]]\nname = \"all\"\nupstream = \"empty\"\n");
  EXPECT_THAT(get(), isLocalReply(503, "no_healthy_upstream"));
  EXPECT_EQ(localReplies(503, Reason::kNoHealthyUpstream), 1U);
}

TEST_F(ExchangeReason, ASplitWithoutWeightIsAConfigurationsFault) {
  start("[[route]]\nname = \"all\"\nsplit = [{ upstream = \"orders\", weight = 0 }]\n");
  EXPECT_THAT(get(), isLocalReply(500, "no_healthy_upstream"));
}

TEST_F(ExchangeReason, TheUpstreamsAddressesAreNotKnownYet) {
  start("[[route]]\nname = \"all\"\nupstream = \"unknown\"\n");
  EXPECT_THAT(get(), isLocalReply(503, "upstream_dns_error"));
}

TEST_F(ExchangeReason, NobodyListensAtTheEndpoint) {
  startForwarding();
  connector.setOutcome(MemoryConnector::Outcome::kRefuses);
  EXPECT_THAT(get(), isLocalReply(502, "upstream_connect_refused"));
  EXPECT_EQ(localReplies(502, Reason::kUpstreamConnectRefused), 1U);
  EXPECT_EQ(count(upstreamConnectionFailuresKey(id("orders"), ConnectFailure::kRefused)), 1U);
  EXPECT_EQ(count(upstreamRequestsKey(id("orders"), 0, Reason::kUpstreamConnectRefused)), 1U);
  EXPECT_EQ(logged().endpoint, "10.0.0.1:80");
}

TEST_F(ExchangeReason, TheEndpointCannotBeReached) {
  startForwarding();
  connector.setOutcome(MemoryConnector::Outcome::kUnreachable);
  EXPECT_THAT(get(), isLocalReply(502, "upstream_connect_refused"));
  EXPECT_EQ(count(upstreamConnectionFailuresKey(id("orders"), ConnectFailure::kUnreachable)), 1U);
}

TEST_F(ExchangeReason, ConnectingTakesTooLong) {
  startForwarding();
  connector.setOutcome(MemoryConnector::Outcome::kHangs);
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  pass(options.connect_timeout - Milliseconds(100));
  EXPECT_THAT(client.received(), IsEmpty());
  pass(Milliseconds(200));
  EXPECT_THAT(client.received(), isLocalReply(504, "upstream_connect_timeout"));
  EXPECT_EQ(count(timeoutsKey(id("all"), TimeoutStage::kConnect)), 1U);
}

TEST_F(ExchangeReason, NoSocketIsLeft) {
  startForwarding();
  connector.setOutcome(MemoryConnector::Outcome::kFails);
  EXPECT_THAT(get(), isLocalReply(503, "overload_connections"));
}

TEST_F(ExchangeReason, TheQueueForAConnectionIsFull) {
  options.max_connections = 1;
  options.max_pending = 1;
  on_upstream = nullptr;
  startForwarding();
  get();
  EXPECT_THAT(get(), IsEmpty());
  EXPECT_EQ(gauge(upstreamQueueDepthKey(id("orders"))), 1);
  EXPECT_THAT(get(), isLocalReply(503, "queue_full"));
}

TEST_F(ExchangeReason, TheWaitForAConnectionTakesTooLong) {
  options.max_connections = 1;
  options.queue_timeout = Milliseconds(0);
  on_upstream = nullptr;
  startForwarding();
  get();
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  pass(Milliseconds(20));
  EXPECT_THAT(client.received(), isLocalReply(503, "queue_timeout"));
  EXPECT_EQ(gauge(upstreamQueueDepthKey(id("orders"))), 0);
}

TEST_F(ExchangeReason, TheUpstreamClosesWithoutAnAnswer) {
  startForwarding();
  on_upstream = [](StreamPeer& peer) { peer.close(); };
  EXPECT_THAT(get(), isLocalReply(502, "upstream_reset_before_headers"));
  EXPECT_EQ(localReplies(502, Reason::kUpstreamResetBeforeHeaders), 1U);
}

TEST_F(ExchangeReason, TheUpstreamBreaksWithinItsHead) {
  startForwarding();
  on_upstream = [](StreamPeer& peer) {
    peer.send("HTTP/1.1 200 OK\r\ncontent-le");
    peer.close();
  };
  EXPECT_THAT(get(), isLocalReply(502, "upstream_reset_before_headers"));
}

TEST_F(ExchangeReason, TheUpstreamDoesNotSpeakHttp) {
  startForwarding();
  on_upstream = answering("SSH-2.0-OpenSSH_9.2\r\n\r\n");
  EXPECT_THAT(get(), isLocalReply(502, "upstream_protocol_error"));
}

TEST_F(ExchangeReason, TheUpstreamsHeadIsTooLarge) {
  options.http2.limits.head_bytes = 1024;
  startForwarding();
  on_upstream = answering(reply("hello", "x-long: " + std::string(2000, 'x') + "\r\n"));
  EXPECT_THAT(get(), isLocalReply(502, "upstream_protocol_error"));
}

TEST_F(ExchangeReason, TheUpstreamBreaksWithinTheBody) {
  startForwarding();
  on_upstream = [](StreamPeer& peer) {
    peer.send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf");
    peer.close();
  };
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  turn();
  EXPECT_THAT(client.received(), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(client.received(), EndsWith("\r\n\r\nhalf"));
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(localReplies(200, Reason::kUpstreamResetAfterHeaders), 1U);
  EXPECT_EQ(logged().reason, Reason::kUpstreamResetAfterHeaders);
  EXPECT_EQ(count(upstreamRequestsKey(id("orders"), 200, Reason::kUpstreamResetAfterHeaders)), 1U);
}

// The end of the connection ends such a response: an abort must not look like it.
TEST_F(ExchangeReason, AnAnswerUntilTheEndIsBrokenOff) {
  startForwarding();
  on_upstream = answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.0\r\nHost: shop.test\r\n\r\n");
  turn();
  arrival(0).close();
  turn();
  EXPECT_THAT(client.history(), EndsWith("broken:reset")) << client.received();
}

TEST_F(ExchangeReason, AChunkedAnswerJustEndsTooEarly) {
  startForwarding();
  on_upstream = answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  turn();
  arrival(0).close();
  turn();
  EXPECT_THAT(client.received(), EndsWith("4\r\nhalf\r\n"));
  EXPECT_THAT(client.history(), EndsWith("end"));
}

TEST_F(ExchangeReason, AKeptConnectionClosesUnderARequestThatMayHaveBeenActedOn) {
  startForwarding();
  get();
  arrival(0).script = [](StreamPeer& peer) { peer.close(); };
  EXPECT_THAT(ask(std::string(kPost) + "0123456789"), isLocalReply(502, "upstream_keepalive_race"));
  EXPECT_EQ(arrivals.size(), 1U);
}

TEST_F(ExchangeReason, NoAnswerInTheTimeOfTheRole) {
  defaults.response_timeout = Milliseconds(30'000);
  startForwarding();
  on_upstream = nullptr;
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  pass(Milliseconds(29'000));
  EXPECT_THAT(client.received(), IsEmpty());
  pass(Milliseconds(2'000));
  EXPECT_THAT(client.received(), isLocalReply(504, "upstream_timeout"));
  EXPECT_EQ(count(timeoutsKey(id("all"), TimeoutStage::kRequest)), 1U);
}

TEST_F(ExchangeReason, TheRolesTimeDoesNotCutAnAnswerShort) {
  defaults.response_timeout = Milliseconds(1'000);
  startForwarding();
  on_upstream = answering("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n01234");
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  pass(Milliseconds(5'000));
  arrival(0).send("56789");
  turn();
  EXPECT_THAT(client.received(), EndsWith("0123456789"));
}

TEST_F(ExchangeReason, ATryTakesTooLong) {
  start("[[route]]\nname = \"all\"\nupstream = \"orders\"\nper_try_timeout = \"200ms\"\n");
  on_upstream = nullptr;
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  pass(Milliseconds(300));
  EXPECT_THAT(client.received(), isLocalReply(504, "per_try_timeout"));
  EXPECT_EQ(count(timeoutsKey(id("all"), TimeoutStage::kPerTry)), 1U);
}

TEST_F(ExchangeReason, TheRoutesTimeEndsBeforeTheAnswerBegins) {
  start("[[route]]\nname = \"all\"\nupstream = \"orders\"\ntimeout = \"1s\"\n");
  on_upstream = nullptr;
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  pass(Milliseconds(1'100));
  EXPECT_THAT(client.received(), isLocalReply(504, "upstream_timeout"));
}

TEST_F(ExchangeReason, TheRoutesTimeEndsWithinTheAnswer) {
  start("[[route]]\nname = \"all\"\nupstream = \"orders\"\ntimeout = \"1s\"\n");
  on_upstream = answering("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n01234");
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  pass(Milliseconds(1'100));
  EXPECT_THAT(client.received(), EndsWith("01234"));
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(localReplies(200, Reason::kRequestTimeout), 1U);
}

TEST_F(ExchangeReason, TheRoutesTimeBeginsWithTheEndOfTheRequest) {
  start("[[route]]\nname = \"all\"\nupstream = \"orders\"\ntimeout = \"1s\"\n");
  on_upstream = nullptr;
  StreamPeer& client = connect();
  client.send(std::string(kPost) + "01234");
  pass(Milliseconds(3'000));
  EXPECT_THAT(client.received(), IsEmpty());
  client.send("56789");
  pass(Milliseconds(1'100));
  EXPECT_THAT(client.received(), isLocalReply(504, "upstream_timeout"));
}

TEST_F(ExchangeReason, TheClientStopsWithinItsBody) {
  start("[[route]]\nname = \"all\"\nupstream = \"orders\"\nidle_timeout = \"1s\"\n");
  StreamPeer& client = connect();
  client.send(std::string(kPost) + "01234");
  on_upstream = nullptr;
  pass(Milliseconds(1'100));
  EXPECT_THAT(client.received(), isLocalReply(408, "stream_idle"));
  EXPECT_EQ(count(timeoutsKey(id("all"), TimeoutStage::kIdle)), 1U);
}

TEST_F(ExchangeReason, TheUpstreamIsSilentForTooLong) {
  start("[[route]]\nname = \"all\"\nupstream = \"orders\"\nidle_timeout = \"1s\"\n");
  on_upstream = nullptr;
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  pass(Milliseconds(1'100));
  EXPECT_THAT(client.received(), isLocalReply(504, "stream_idle"));
}

TEST_F(ExchangeReason, NothingMovesWithinTheAnswer) {
  defaults.idle_timeout = Milliseconds(1'000);
  startForwarding();
  on_upstream = answering("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n01234");
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  pass(Milliseconds(900));
  arrival(0).send("5");
  pass(Milliseconds(900));
  EXPECT_FALSE(client.ended());
  pass(Milliseconds(200));
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(logged().reason, Reason::kStreamIdle);
}

TEST_F(ExchangeReason, TheHeadIsBroken) {
  startForwarding();
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost : shop.test\r\n\r\n"), isLocalReply(400, "bad_request"));
  EXPECT_EQ(localReplies(400, Reason::kBadRequest, ""), 1U);
  EXPECT_EQ(logged().client, "203.0.113.7");
  EXPECT_EQ(gauge(requestsInFlightKey(listener_plan.id)), 0);
}

TEST_F(ExchangeReason, TheHeadIsTooLarge) {
  listener_plan.limits.head_bytes = 1024;
  startForwarding();
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost: shop.test\r\nx: " + std::string(2000, 'x') + "\r\n\r\n"),
              isLocalReply(431, "header_too_large"));
}

TEST_F(ExchangeReason, TheTargetIsTooLong) {
  listener_plan.limits.target_bytes = 100;
  startForwarding();
  EXPECT_THAT(get("/" + std::string(200, 'x')), isLocalReply(414, "header_too_large"));
}

TEST_F(ExchangeReason, TheHeadIsTooSlow) {
  listener_plan.header_timeout = Milliseconds(10'000);
  startForwarding();
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHo");
  pass(Milliseconds(9'000));
  client.send("st: shop.test\r\n");
  pass(Milliseconds(1'100));
  EXPECT_THAT(client.received(), isLocalReply(408, "header_timeout"));
  EXPECT_EQ(count(timeoutsKey(0, TimeoutStage::kHeaders)), 1U);
}

TEST_F(ExchangeReason, AHeaderNameHasAnUnderscore) {
  startForwarding();
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost: shop.test\r\nx_y: 1\r\n\r\n"),
              isLocalReply(400, "bad_request"));
  listener_plan.underscores_in_headers = Underscores::kAllow;
  startForwarding();
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost: shop.test\r\nx_y: 1\r\n\r\n"), EndsWith("hello"));
}

TEST_F(ExchangeReason, ThePathIsNotValid) {
  startForwarding();
  EXPECT_THAT(get("/../etc/passwd"), isLocalReply(400, "bad_request"));
  EXPECT_THAT(get("/a%2Fb"), isLocalReply(400, "bad_request"));
}

TEST_F(ExchangeReason, ConnectIsNotEnabled) {
  startForwarding();
  EXPECT_THAT(ask("CONNECT shop.test:443 HTTP/1.1\r\nHost: shop.test:443\r\n\r\n"),
              isLocalReply(405, "config_disabled"));
}

TEST_F(ExchangeReason, TheClientGoesAway) {
  startForwarding();
  on_upstream = nullptr;
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  turn();
  client.close();
  turn();
  EXPECT_EQ(localReplies(499, Reason::kClientDisconnect), 1U);
  EXPECT_EQ(logged().status, 499);
  EXPECT_EQ(count(upstreamRequestsKey(id("orders"), 0, Reason::kClientDisconnect)), 1U);
  pass(Milliseconds(1'100));  // the time for a response that would leave the connection reusable
  EXPECT_TRUE(arrival(0).ended());
}

TEST_F(ExchangeReason, TheProcessStops) {
  startForwarding();
  on_upstream = nullptr;
  get();
  listener->closeAll();
  turn();
  EXPECT_EQ(localReplies(503, Reason::kDraining), 1U);
  EXPECT_EQ(logged().reason, Reason::kDraining);
  EXPECT_EQ(localReplies(499, Reason::kClientDisconnect), 0U);
}

TEST_F(ExchangeReason, TheBodyIsBroken) {
  startForwarding();
  EXPECT_THAT(ask("POST / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "5\r\nhello\r\nzz\r\n"),
              isLocalReply(400, "bad_request"));
  EXPECT_THAT(seenBy(0), IsEmpty());
}

TEST_F(ExchangeReason, TheRewrittenPathIsNotValid) {
  start(R"([[route]]
name = "all"
upstream = "orders"
rewrite = { host = "${request.header.x-host}" }
)");
  EXPECT_THAT(ask("GET /a HTTP/1.1\r\nHost: shop.test\r\nx-host: a b\r\n\r\n"),
              isLocalReply(400, "bad_request"));
}

TEST_F(ExchangeReason, IsKeptFromClientsWhenTheListenerSaysSo) {
  listener_plan.reason_header = false;
  start("");
  EXPECT_THAT(get(), Not(HasSubstr("x-weir-reason")));
}

}  // namespace
}  // namespace weir::proxy
