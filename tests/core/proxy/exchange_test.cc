#include "tests/core/proxy/fixture.h"

namespace weir::proxy {
namespace {

using test::StreamPeer;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Replaces the date with "now".
std::string undated(std::string text) {
  const std::size_t begin = text.find("\r\ndate: ") + 8;
  const std::size_t end = text.find(" GMT\r\n", begin);
  EXPECT_EQ(end - begin, 25U) << text;
  return text.replace(begin, end + 4 - begin, "now");
}

using ExchangeTest = ProxyTest;

TEST_F(ExchangeTest, ForwardsARequestAndItsAnswer) {
  listener_plan.forwarded = ForwardedMode::kPreserve;
  listener_plan.request_id = RequestIds::kKeep;
  on_upstream = answering(reply("hello", "date: today\r\n"));
  startForwarding();
  EXPECT_EQ(ask("GET /a?b=c HTTP/1.1\r\nHost: shop.test\r\nX-Request-Id: 7\r\nAccept: */*\r\n\r\n"),
            "HTTP/1.1 200 OK\r\ndate: today\r\nvia: 1.1 weir\r\ncontent-length: 5\r\n\r\nhello");
  EXPECT_EQ(seenBy(0),
            "GET /a?b=c HTTP/1.1\r\nhost: shop.test\r\nX-Request-Id: 7\r\nAccept: */*\r\n"
            "via: 1.1 weir\r\n\r\n");
  EXPECT_EQ(logged().status, 200);
  EXPECT_EQ(logged().reason, Reason::kNone);
  EXPECT_EQ(logged().route, "all");
  EXPECT_EQ(logged().upstream, "orders");
  EXPECT_EQ(logged().endpoint, "10.0.0.1:80");
  EXPECT_EQ(logged().path, "/a");
  EXPECT_EQ(logged().response_bytes, 5U);
}

TEST_F(ExchangeTest, CountsWhatItDid) {
  startForwarding();
  ask("POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 4\r\n\r\n\r\n\r\n");
  EXPECT_EQ(count(requestsKey(listener_plan.id, id("all"), 2, AppProtocol::kH1, 200)), 1U);
  EXPECT_EQ(count(requestBodyBytesKey(listener_plan.id, id("all"))), 4U);
  EXPECT_EQ(count(responseBodyBytesKey(listener_plan.id, id("all"))), 5U);
  EXPECT_EQ(count(upstreamRequestsKey(id("orders"), 200, Reason::kNone)), 1U);
  EXPECT_EQ(gauge(requestsInFlightKey(listener_plan.id)), 0);
  EXPECT_EQ(gauge(connectionsActiveKey(listener_plan.id, TransportProtocol::kTcp)), 1);
}

TEST_F(ExchangeTest, RequestsInFlightAreCounted) {
  startForwarding();
  on_upstream = nullptr;
  get();
  get();
  EXPECT_EQ(gauge(requestsInFlightKey(listener_plan.id)), 2);
}

TEST_F(ExchangeTest, GivesEachRequestAnIdentity) {
  startForwarding();
  ask("GET / HTTP/1.1\r\nHost: shop.test\r\nX-Request-Id: forged\r\n\r\n");
  EXPECT_THAT(seenBy(0), Not(HasSubstr("forged")));
  EXPECT_THAT(seenBy(0), ::testing::ContainsRegex("x-request-id: [0-9a-f-]{36}\r"));
}

TEST_F(ExchangeTest, NobodyButTheMeshSaysWhoCalls) {
  startForwarding();
  ask("GET / HTTP/1.1\r\nHost: shop.test\r\nX-Weir-Identity: admin\r\n\r\n");
  EXPECT_THAT(seenBy(0), Not(HasSubstr("admin")));
}

TEST_F(ExchangeTest, ARequestOfHttp10WithoutHostNamesTheUpstream) {
  startForwarding();
  EXPECT_THAT(ask("GET / HTTP/1.0\r\n\r\n"), EndsWith("hello"));
  EXPECT_THAT(seenBy(0), HasSubstr("\r\nhost: orders\r\n"));
  EXPECT_THAT(seenBy(0), Not(HasSubstr("x-forwarded-host")));
  EXPECT_THAT(seenBy(0), Not(HasSubstr("host=")));
}

TEST_F(ExchangeTest, AnAnswerOfUnknownLengthEndsWithTheConnectionOfAnHttp10Client) {
  startForwarding();
  on_upstream =
      answering("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.0\r\nHost: shop.test\r\nConnection: keep-alive\r\n\r\n");
  turn();
  EXPECT_THAT(client.received(), EndsWith("\r\n\r\nhello"));
  EXPECT_TRUE(client.ended());
}

TEST_F(ExchangeTest, ForwardedHeadersSpeakOfWhatTheClientAskedFor) {
  start(R"([[route]]
name = "all"
upstream = "orders"
rewrite = { host = "internal.test", path = "/v2" }
request_headers = { set = { "x-original" = "${request.host}" } }
)");
  get("/v1");
  EXPECT_THAT(seenBy(0), StartsWith("GET /v2 HTTP/1.1\r\nhost: internal.test\r\n"));
  EXPECT_THAT(seenBy(0), HasSubstr("x-forwarded-host: shop.test\r\n"));
  EXPECT_THAT(seenBy(0), HasSubstr("x-forwarded-for: 203.0.113.7\r\n"));
  EXPECT_THAT(seenBy(0), HasSubstr("forwarded: for=203.0.113.7;proto=http;host=\"shop.test\"\r\n"));
  EXPECT_THAT(seenBy(0), HasSubstr("x-original: shop.test\r\n"));
}

TEST_F(ExchangeTest, ARoutesRulesHaveTheLastWordOnHeaders) {
  start(R"([[route]]
name = "all"
upstream = "orders"
request_headers = { set = { "x-forwarded-host" = "outside.test" }, remove = ["via"] }
response_headers = { set = { "x-served-by" = "${upstream.name}" }, remove = ["x-secret"] }
)");
  on_upstream = answering(reply("hello", "x-secret: 1\r\n"));
  const std::string answer = get();
  EXPECT_THAT(seenBy(0), HasSubstr("x-forwarded-host: outside.test\r\n"));
  EXPECT_THAT(seenBy(0), Not(HasSubstr("via:")));
  EXPECT_THAT(answer, HasSubstr("x-served-by: orders\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("x-secret")));
}

TEST_F(ExchangeTest, HeadHasNoBodyButItsLength) {
  startForwarding();
  on_upstream = answering("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n");
  const std::string answer = ask("HEAD / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("content-length: 500\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
  EXPECT_THAT(get("/next"), EndsWith("content-length: 500\r\n\r\n"));
  EXPECT_EQ(arrivals.size(), 1U);
}

TEST_F(ExchangeTest, BodiesAndTrailersPassBothWays) {
  startForwarding();
  on_upstream = answering(
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nyes\r\n0\r\nx-end: 2\r\n\r\n");
  const std::string answer =
      ask("POST / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n"
          "2\r\nab\r\n0\r\nx-sum: 1\r\n\r\n");
  EXPECT_THAT(seenBy(0), EndsWith("\r\n\r\n2\r\nab\r\n0\r\nx-sum: 1\r\n\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n3\r\nyes\r\n0\r\nx-end: 2\r\n\r\n"));
}

TEST_F(ExchangeTest, ExpectationsGoUpstreamAndTheirAnswersBack) {
  startForwarding();
  on_upstream = answering("HTTP/1.1 100 Continue\r\n\r\n");
  StreamPeer& client = connect();
  client.send(
      "POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  turn();
  EXPECT_THAT(seenBy(0), HasSubstr("expect: 100-continue\r\n"));
  EXPECT_EQ(client.takeReceived(), "HTTP/1.1 100 Continue\r\n\r\n");
  on_upstream = nullptr;
  client.send("body");
  turn();
  EXPECT_THAT(seenBy(0), EndsWith("\r\n\r\nbody"));
  arrival(0).send(reply("thanks"));
  turn();
  EXPECT_THAT(client.received(), EndsWith("thanks"));
  EXPECT_FALSE(client.ended());
}

TEST_F(ExchangeTest, AnExpectationThatIsRefusedEndsTheConnection) {
  startForwarding();
  on_upstream = answering("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n");
  StreamPeer& client = connect();
  client.send(
      "POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  turn();
  EXPECT_THAT(client.received(), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(client.received(), HasSubstr("connection: close\r\n"));
  EXPECT_TRUE(client.ended());
}

TEST_F(ExchangeTest, EarlyHintsPass) {
  startForwarding();
  on_upstream = answering("HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n" + reply("hello"));
  EXPECT_THAT(get(),
              StartsWith("HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\nHTTP/1.1 200 OK"));
}

TEST_F(ExchangeTest, RedirectsAreAnsweredHere) {
  start(R"([[route]]
name = "all"
redirect = { status = 308, host = "new.test" }
response_headers = { set = { "x-why" = "moved" } }
)");
  EXPECT_EQ(undated(get("/a?b")),
            "HTTP/1.1 308 Permanent Redirect\r\nlocation: http://new.test/a?b\r\nx-why: moved\r\n"
            "server: weir\r\ndate: now\r\ncontent-length: 0\r\n\r\n");
  EXPECT_EQ(count(requestsKey(listener_plan.id, id("all"), 0, AppProtocol::kH1, 308)), 1U);
  EXPECT_EQ(logged().reason, Reason::kNone);
}

TEST_F(ExchangeTest, FixedAnswersAreGivenHere) {
  start(R"([[route]]
name = "all"
respond = { status = 200, body = "I am ${route.name}", headers = { "x-a" = "1" } }
response_headers = { set = { "x-b" = "2" } }
)");
  EXPECT_EQ(undated(get()),
            "HTTP/1.1 200 OK\r\nx-a: 1\r\ncontent-type: text/plain; charset=utf-8\r\nx-b: 2\r\n"
            "server: weir\r\ndate: now\r\ncontent-length: 8\r\n\r\nI am all");
  EXPECT_EQ(undated(ask("HEAD / HTTP/1.1\r\nHost: shop.test\r\n\r\n")),
            "HTTP/1.1 200 OK\r\nx-a: 1\r\ncontent-type: text/plain; charset=utf-8\r\nx-b: 2\r\n"
            "server: weir\r\ndate: now\r\ncontent-length: 8\r\n\r\n");
}

TEST_F(ExchangeTest, AFixedAnswerMayHaveADateOfItsOwn) {
  start("[[route]]\nname = \"all\"\nrespond = { status = 204, headers = { date = \"then\" } }\n");
  EXPECT_EQ(get(), "HTTP/1.1 204 No Content\r\ndate: then\r\nserver: weir\r\n\r\n");
}

TEST_F(ExchangeTest, AFixedAnswerMayHaveNoBody) {
  start("[[route]]\nname = \"all\"\nrespond = { status = 204 }\n");
  EXPECT_EQ(undated(get()), "HTTP/1.1 204 No Content\r\nserver: weir\r\ndate: now\r\n\r\n");
}

TEST_F(ExchangeTest, AConnectionCarriesOneRequestAfterAnother) {
  startForwarding();
  StreamPeer& client = connect();
  client.send(
      "GET /1 HTTP/1.1\r\nHost: shop.test\r\n\r\nGET /2 HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  turn();
  EXPECT_EQ(count(requestsKey(listener_plan.id, id("all"), 0, AppProtocol::kH1, 200)), 2U);
  EXPECT_EQ(arrivals.size(), 1U);
  client.send("GET /3 HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n");
  turn();
  EXPECT_THAT(client.received(), HasSubstr("connection: close\r\n"));
  EXPECT_TRUE(client.ended());
}

TEST_F(ExchangeTest, AWebSocketBecomesATunnelThatClosesEachWayForItself) {
  startForwarding();
  on_upstream = answering(
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\nfirst");
  StreamPeer& client = connect();
  client.send(
      "GET /chat HTTP/1.1\r\nHost: shop.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  turn();
  EXPECT_THAT(client.takeReceived(), EndsWith("upgrade: websocket\r\n\r\nfirst"));
  on_upstream = nullptr;
  client.send("ping");
  turn();
  EXPECT_THAT(seenBy(0), EndsWith("\r\n\r\nping"));
  client.end();
  turn();
  EXPECT_TRUE(arrival(0).ended());
  arrival(0).send("last words");
  turn();
  EXPECT_EQ(client.received(), "last words");
  EXPECT_FALSE(client.ended());
  arrival(0).end();
  turn();
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(count(requestsKey(listener_plan.id, id("all"), 0, AppProtocol::kWebSocket, 101)), 1U);
  EXPECT_EQ(logged().request_bytes, 4U);
  EXPECT_EQ(logged().response_bytes, 15U);
}

TEST_F(ExchangeTest, ATunnelMayBeEndedByTheUpstreamFirst) {
  startForwarding();
  on_upstream = answering(
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n");
  StreamPeer& client = connect();
  client.send(
      "GET / HTTP/1.1\r\nHost: shop.test\r\nUpgrade: websocket\r\nConnection: "
      "Upgrade\r\n\r\nearly");
  turn();
  EXPECT_THAT(seenBy(0), EndsWith("early"));
  arrival(0).end();
  turn();
  EXPECT_TRUE(client.ended());
  client.send("still here");
  turn();
  EXPECT_THAT(seenBy(0), EndsWith("still here"));
  client.end();
  turn();
  EXPECT_TRUE(arrival(0).ended());
  EXPECT_EQ(listener->connections(), 0U);
}

TEST_F(ExchangeTest, ATunnelHasNoTimeLimitButIdleness) {
  start(
      "[[route]]\nname = \"all\"\nupstream = \"orders\"\ntimeout = \"1s\"\nidle_timeout = "
      "\"60s\"\n");
  on_upstream = answering(
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n");
  StreamPeer& client = connect();
  client.send(
      "GET / HTTP/1.1\r\nHost: shop.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  pass(Milliseconds(50'000));
  EXPECT_FALSE(client.ended());
  pass(Milliseconds(11'000));
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(logged().reason, Reason::kStreamIdle);
}

TEST_F(ExchangeTest, AnUpgradeMayBeDeclined) {
  startForwarding();
  StreamPeer& client = connect();
  client.send(
      "GET / HTTP/1.1\r\nHost: shop.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  turn();
  EXPECT_THAT(client.takeReceived(), EndsWith("hello"));
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  turn();
  EXPECT_THAT(client.received(), EndsWith("hello"));
}

TEST_F(ExchangeTest, ConnectIsATunnelWhereItIsEnabled) {
  listener_plan.allow_connect = true;
  start("[[route]]\nname = \"all\"\nupstream = \"orders\"\nmatch = { methods = [\"CONNECT\"] }\n");
  on_upstream = answering("HTTP/1.1 200 OK\r\n\r\n");
  StreamPeer& client = connect();
  client.send("CONNECT db.test:5432 HTTP/1.1\r\nHost: db.test:5432\r\n\r\n");
  turn();
  EXPECT_THAT(seenBy(0), StartsWith("CONNECT db.test:5432 HTTP/1.1\r\n"));
  on_upstream = nullptr;
  client.send("select 1");
  turn();
  EXPECT_THAT(seenBy(0), EndsWith("select 1"));
}

TEST_F(ExchangeTest, ASlowReaderStopsTheUpstream) {
  startForwarding();
  on_upstream = nullptr;
  StreamPeer& client = connect();
  client.stream().setReading(true);
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  turn();
  client.stream().setReading(false);
  arrival(0).send("HTTP/1.1 200 OK\r\ncontent-length: 10000000\r\n\r\n");
  auto& upstream = static_cast<test::MemoryStream&>(arrival(0).stream());
  upstream.sent().setFragment(16 * 1024);
  arrival(0).send(std::string(10'000'000, 'x'));
  turn();
  EXPECT_LT(upstream.sent().delivered(), 200'000U);
  EXPECT_GT(arrival(0).stream().queued(), 9'800'000U);
  client.stream().setReading(true);
  turn();
  EXPECT_EQ(arrival(0).stream().queued(), 0U);
  EXPECT_EQ(logged().response_bytes, 10'000'000U);
}

TEST_F(ExchangeTest, ASlowUpstreamStopsTheClient) {
  startForwarding();
  on_upstream = nullptr;
  StreamPeer& client = connect();
  client.send("POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 10000000\r\n\r\n");
  turn();
  arrival(0).stream().setReading(false);
  auto& wire = static_cast<test::MemoryStream&>(client.stream()).sent();
  wire.setFragment(16 * 1024);
  client.send(std::string(10'000'000, 'x'));
  turn();
  EXPECT_LT(wire.delivered(), 200'000U);
  arrival(0).stream().setReading(true);
  turn();
  EXPECT_EQ(client.stream().queued(), 0U);
  EXPECT_GT(arrival(0).received().size(), 10'000'000U);
}

TEST_F(ExchangeTest, AClientThatPipelinesAndDoesNotReadHasToWait) {
  start("[[route]]\nname = \"all\"\nrespond = { status = 200, body = \"" + std::string(1'000, 'x') +
        "\" }\n");
  StreamPeer& client = connect();
  client.stream().setReading(false);
  std::string requests;
  for (int i = 0; i < 10'000; ++i) requests += "GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n";
  client.send(requests);
  turn();
  auto& stream = static_cast<test::MemoryStream&>(client.stream());
  EXPECT_LT(stream.received().waiting(), 128U * 1024);
  // Nor are its requests queued.
  stream.sent().setFragment(1'000);
  turn();
  client.stream().setReading(true);
  turn();
  EXPECT_EQ(count(requestsKey(listener_plan.id, id("all"), 0, AppProtocol::kH1, 200)), 10'000U);
}

TEST_F(ExchangeTest, RequestsInHandFinishOnThePlanTheyBeganWith) {
  startForwarding();
  on_upstream = nullptr;
  StreamPeer& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  turn();
  start("[[route]]\nname = \"new\"\nrespond = { status = 418 }\n");
  EXPECT_EQ(engine->plansInUse(), 2U);
  EXPECT_THAT(get(), StartsWith("HTTP/1.1 418 "));
  arrival(0).send(reply("old"));
  turn();
  EXPECT_THAT(client.received(), EndsWith("old"));
  EXPECT_EQ(logged().route, "all");
  EXPECT_EQ(engine->plansInUse(), 1U);
}

}  // namespace
}  // namespace weir::proxy
