#include "core/upstream/client.h"

#include "tests/core/upstream/client_fixture.h"

namespace weir::upstream {
namespace {

using Body = http::CallRequest::Body;
using test::MemoryConnector;

TEST_F(ClientTest, SendsARequestAndDeliversTheResponse) {
  startNamed();
  const http::CallRequest request{.target = "/keys?all", .headers = {{"accept", "text/plain"}}};
  HeardCall& made = call(request);
  EXPECT_EQ(received(0),
            "GET /keys?all HTTP/1.1\r\nhost: orders.test\r\naccept: text/plain\r\n"
            "user-agent: weir/" WEIR_VERSION "\r\n\r\n");
  reply(0, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(made.told, "head:200 body end");
  EXPECT_EQ(made.body, "hello");
  EXPECT_EQ(counter(upstreamRequestsKey(kOrders, 200, Reason::kNone)), 1U);
  EXPECT_EQ(cluster->idle(), 1U);
}

TEST_F(ClientTest, CallsShareTheConnectionsOfTheCluster) {
  startNamed();
  call();
  reply(0, "HTTP/1.1 204 No Content\r\n\r\n");
  HeardCall& second = call();
  reply(0, "HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(second.told, "head:204 end");
  EXPECT_EQ(peers.size(), 1U);
}

TEST_F(ClientTest, ACallerMayNameTheHostAndTheUserAgent) {
  startNamed();
  call({.authority = "id.example:8443", .headers = {{"User-Agent", "probe"}}});
  EXPECT_EQ(received(0), "GET / HTTP/1.1\r\nhost: id.example:8443\r\nUser-Agent: probe\r\n\r\n");
}

TEST_F(ClientTest, AnUnknownUpstreamFails) {
  startNamed();
  HeardCall& made = call({}, 8);
  EXPECT_EQ(made.told, "failed:no_healthy_upstream");
  EXPECT_EQ(made.error.code, ErrorCode::kNotFound);
}

TEST_F(ClientTest, WithoutAddressesACallFailsUnlessItWaits) {
  startNamed({});
  EXPECT_EQ(call().told, "failed:upstream_dns_error");
  how.awaits_discovery = true;
  HeardCall& waiting = call();
  pass(Milliseconds(100));
  EXPECT_EQ(waiting.told, "");
  cluster->setEndpoints(at({"10.0.0.9:80"}));
  pass(Milliseconds(100));
  EXPECT_EQ(attempts(), "10.0.0.9:80 ");
  HeardCall& late = call();
  EXPECT_EQ(late.told, "");
}

TEST_F(ClientTest, TheWaitForAddressesEndsWithTheTimeLimit) {
  startNamed({});
  how.awaits_discovery = true;
  HeardCall& waiting = call();
  pass(Milliseconds(5'100));
  EXPECT_EQ(waiting.told, "failed:upstream_timeout");
}

TEST_F(ClientTest, TextThatDoesNotBelongInAHeadIsRefused) {
  startNamed();
  const std::vector<http::CallRequest> requests = {
      {.method = "GE T"},
      {.method = "CONNECT"},
      {.authority = "a b"},
      {.target = "keys"},
      {.target = "/a b"},
      {.headers = {{"x", "a\r\nb: c"}}},
      {.headers = {{"x y", "a"}}},
      {.headers = {{"Content-Length", "1"}}},
      {.headers = {{"Host", "other"}}},
  };
  for (const http::CallRequest& each : requests) {
    HeardCall& made = call(each);
    EXPECT_EQ(made.told, "failed:bad_request");
    EXPECT_EQ(made.error.code, ErrorCode::kInvalid);
  }
  EXPECT_TRUE(peers.empty());
}

TEST_F(ClientTest, AWholeBodyHasALength) {
  startNamed();
  call({.method = "POST", .body_kind = Body::kWhole, .body = asBytes("abc")});
  EXPECT_THAT(received(0), ::testing::EndsWith("content-length: 3\r\n\r\nabc"));
}

TEST_F(ClientTest, AStreamedBodyWaitsForTheConnection) {
  connector.setOutcome(MemoryConnector::Outcome::kHangs);
  startNamed();
  HeardCall& made = call({.method = "PUT", .body_kind = Body::kStreamed});
  made.call->sendBody(asBytes("one"));
  EXPECT_EQ(made.call->queued(), 3U);
  connector.finishHanging();
  turn();
  made.call->sendBody(asBytes("two"));
  made.call->finish(nullptr);
  turn();
  EXPECT_THAT(received(0), ::testing::EndsWith("transfer-encoding: chunked\r\n\r\n"
                                               "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"));
  reply(0, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nsum: 7\r\n\r\n");
  EXPECT_EQ(made.told, "head:200 body sum=7 end");
}

TEST_F(ClientTest, ABodyThatWasHeldBackIsDrained) {
  connector.setOutcome(MemoryConnector::Outcome::kHangs);
  startNamed();
  HeardCall& made = call({.method = "PUT", .body_kind = Body::kStreamed});
  made.call->sendBody(asBytes(std::string(20'000, 'x')));
  EXPECT_EQ(made.call->queued(), 20'000U);
  EXPECT_EQ(made.told, "");
  connector.finishHanging();
  turn();
  turn();
  EXPECT_EQ(made.told, "drained");
  EXPECT_EQ(made.call->queued(), 0U);
}

TEST_F(ClientTest, APausedResponseIsNotRead) {
  startNamed();
  HeardCall& made = call();
  made.call->setReading(false);
  reply(0, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n");
  EXPECT_EQ(made.told, "head:200");
  reply(0, "abc");
  EXPECT_EQ(made.told, "head:200");
  EXPECT_EQ(peers[0]->stream().queued(), 3U);
  made.call->setReading(true);
  turn();
  EXPECT_EQ(made.body, "abc");
}

TEST_F(ClientTest, DestroyingACallCancelsItAtAnyMoment) {
  startNamed({});
  how.awaits_discovery = true;
  call().call.reset();  // waits for discovery
  cluster->setEndpoints(at({"10.0.0.1:80"}));
  connector.setOutcome(MemoryConnector::Outcome::kHangs);
  HeardCall& connecting = call();
  connecting.call.reset();
  connector.setOutcome(MemoryConnector::Outcome::kConnects);
  connector.finishHanging();
  turn();
  HeardCall& asking = call();
  asking.call.reset();
  turn();
  HeardCall& at_once = *calls.emplace_back(std::make_unique<HeardCall>());
  at_once.call = client.call(kOrders, {}, how, at_once);
  at_once.call.reset();
  turn();
  EXPECT_EQ(connecting.told + asking.told + at_once.told, "");
  EXPECT_EQ(client.calls(), 0U);
  EXPECT_EQ(first().in_flight, 0U);
}

TEST_F(ClientTest, AnEventMayDestroyTheCall) {
  startNamed();
  for (const char* const event : {"head:200", "body", "end"}) {
    HeardCall& made = call();
    made.cancels_at = event;
    peers.back()->send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab");
    turn();
    EXPECT_TRUE(made.told.ends_with(event)) << made.told;
    EXPECT_EQ(made.call, nullptr);
  }
  EXPECT_EQ(first().in_flight, 0U);
}

TEST_F(ClientTest, AFailureMayDestroyTheCall) {
  connector.setOutcome(MemoryConnector::Outcome::kRefuses);
  startNamed();
  calls.push_back(std::make_unique<HeardCall>());
  HeardCall& made = *calls.back();
  made.cancels_at = "failed:upstream_connect_refused";
  made.call = client.call(kOrders, {}, how, made);
  turn();
  EXPECT_EQ(made.call, nullptr);
}

TEST_F(ClientTest, CallsEndWithTheirClient) {
  startNamed();
  auto own = std::make_unique<weir::upstream::Client>(
      weir::upstream::Client::Tools{loop, [this](NameId) { return cluster.get(); }});
  HeardCall& made = *calls.emplace_back(std::make_unique<HeardCall>());
  made.call = own->call(kOrders, {}, how, made);
  turn();
  own.reset();
  turn();
  EXPECT_EQ(made.told, "");
  made.call->sendBody(asBytes("late"));
  EXPECT_EQ(first().in_flight, 0U);
}

TEST_F(ClientTest, TheNumberOfCallsIsLimited) {
  options.max_connections = 1;
  startNamed();
  for (std::size_t i = 0; i < weir::upstream::Client::kMostCalls; ++i) {
    calls.push_back(std::make_unique<HeardCall>());
    calls.back()->call = client.call(kOrders, {}, how, *calls.back());
  }
  calls.push_back(std::make_unique<HeardCall>());
  HeardCall& made = *calls.back();
  made.call = client.call(kOrders, {}, how, made);
  turn();
  EXPECT_EQ(made.told, "failed:queue_full");
}

TEST_F(ClientTest, UpstreamsThatExpectAProxyHeaderCannotBeCalled) {
  options.proxy_protocol = net::ProxyVersion::kBinary;
  startNamed();
  EXPECT_EQ(call().told, "failed:no_healthy_upstream");
  EXPECT_EQ(client.dial(kOrders).error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace weir::upstream
