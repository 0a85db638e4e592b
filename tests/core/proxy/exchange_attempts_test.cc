#include "core/base/reason.h"
#include "tests/core/proxy/fixture.h"

namespace weir::proxy {
namespace {

using test::MemoryConnector;
using test::StreamPeer;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using upstream::retriesKey;
using upstream::RetryOutcome;

constexpr std::string_view kBusy =
    "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\nbusy";

// Upstreams at 10.0.0.1 and 10.0.0.2, of which the first has a fault.
class ExchangeAttempts : public ProxyTest {
 protected:
  // A route with `retry` as its table, and a time limit that allows every backoff.
  void startRetrying(std::string_view retry, std::string_view more = {}) {
    start("[[route]]\nname = \"all\"\nupstream = \"orders\"\nretry = { " + std::string(retry) +
          " }\n" + std::string(more));
  }
  // Only the first endpoint sends this response.
  Script firstAnswers(std::string_view text) {
    return [this, text = std::string(text)](StreamPeer& peer) {
      if (!peer.ended() && peer.received().ends_with("\r\n\r\n")) {
        peer.send(addressOf(peer) == "10.0.0.1:80" ? text : reply("hello"));
      }
    };
  }
  std::string askAndWait(std::string_view request) {
    StreamPeer& client = connect();
    client.send(request);
    pass(Milliseconds(1'000));
    return client.received();
  }
  std::string addressOf(const StreamPeer& peer) const {
    for (const Arrival& arrival : arrivals) {
      if (arrival.peer.get() == &peer) return arrival.to.text();
    }
    return "nowhere";
  }
  std::string attempts() const {
    std::string text;
    for (const net::Address& to : connector.attempts()) text += to.text() + " ";
    return text;
  }
  std::uint64_t suppressed(RetryRefusal reason) {
    return count(retriesSuppressedKey(id("orders"), reason));
  }

  const net::Address first = net::Address::parse("10.0.0.1:80").value();
};

TEST_F(ExchangeAttempts, AnotherEndpointAnswersWhenTheFirstRefuses) {
  startRetrying("attempts = 1");
  connector.setOutcome(first, MemoryConnector::Outcome::kRefuses);
  EXPECT_THAT(askAndWait(kGet), EndsWith("hello"));
  EXPECT_EQ(attempts(), "10.0.0.1:80 10.0.0.2:80 ");
  EXPECT_EQ(count(retriesKey(id("orders"), id("all"), Reason::kUpstreamConnectRefused,
                             RetryOutcome::kSuccess)),
            1U);
  EXPECT_EQ(logged().attempts, 2U);
  EXPECT_EQ(logged().endpoint, "10.0.0.2:80");
  EXPECT_EQ(logged().reason, Reason::kNone);
}

TEST_F(ExchangeAttempts, AnotherEndpointAnswersWhenNoSocketCanBeHad) {
  startRetrying("attempts = 1");
  connector.setOutcome(first, MemoryConnector::Outcome::kFails);
  EXPECT_THAT(askAndWait(kGet), EndsWith("hello"));
}

TEST_F(ExchangeAttempts, WhatWasNeverSentIsRetriedWhateverItsMethod) {
  startRetrying("attempts = 1");
  connector.setOutcome(first, MemoryConnector::Outcome::kRefuses);
  EXPECT_THAT(askAndWait("POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 4\r\n\r\n\r\n\r\n"),
              EndsWith("hello"));
  EXPECT_THAT(seenBy(0), EndsWith("\r\n\r\n\r\n\r\n"));
}

TEST_F(ExchangeAttempts, ARetryComesAfterAPause) {
  startRetrying("attempts = 1, backoff = { base = \"10s\", max = \"10s\" }");
  connector.setOutcome(first, MemoryConnector::Outcome::kRefuses);
  StreamPeer& client = connect();
  client.send(kGet);
  turn();
  EXPECT_EQ(attempts(), "10.0.0.1:80 ");
  pass(Milliseconds(10'100));
  EXPECT_EQ(attempts(), "10.0.0.1:80 10.0.0.2:80 ");
  EXPECT_THAT(client.received(), EndsWith("hello"));
}

TEST_F(ExchangeAttempts, ATryAfterAPauseHasItsOwnTime) {
  startRetrying("attempts = 1", "per_try_timeout = \"500ms\"\n");
  connector.setOutcome(first, MemoryConnector::Outcome::kRefuses);
  on_upstream = nullptr;
  EXPECT_THAT(askAndWait(kGet), isLocalReply(504, "per_try_timeout"));
  EXPECT_EQ(count(timeoutsKey(id("all"), TimeoutStage::kPerTry)), 1U);
}

TEST_F(ExchangeAttempts, TheClientMayGoDuringThePause) {
  startRetrying("attempts = 1, backoff = { base = \"10s\", max = \"10s\" }");
  connector.setOutcome(first, MemoryConnector::Outcome::kRefuses);
  StreamPeer& client = connect();
  client.send(kGet);
  turn();
  client.close();
  pass(Milliseconds(11'000));
  EXPECT_EQ(attempts(), "10.0.0.1:80 ");
  EXPECT_EQ(logged().reason, Reason::kClientDisconnect);
}

TEST_F(ExchangeAttempts, TheRoutesTimeMayEndDuringThePause) {
  startRetrying("attempts = 1, backoff = { base = \"10s\", max = \"10s\" }", "timeout = \"1ms\"\n");
  connector.setOutcome(first, MemoryConnector::Outcome::kRefuses);
  EXPECT_THAT(askAndWait(kGet), isLocalReply(504, "upstream_timeout"));
  EXPECT_EQ(attempts(), "10.0.0.1:80 ");
}

TEST_F(ExchangeAttempts, GivesUpAfterTheLastAttempt) {
  startRetrying("attempts = 2");
  connector.setOutcome(MemoryConnector::Outcome::kRefuses);
  EXPECT_THAT(askAndWait(kGet), isLocalReply(502, "upstream_connect_refused"));
  EXPECT_EQ(attempts(), "10.0.0.1:80 10.0.0.2:80 10.0.0.1:80 ");
  EXPECT_EQ(suppressed(RetryRefusal::kLimit), 1U);
  EXPECT_EQ(count(retriesKey(id("orders"), id("all"), Reason::kUpstreamConnectRefused,
                             RetryOutcome::kFailure)),
            2U);
}

TEST_F(ExchangeAttempts, AListedStatusIsRetriedElsewhere) {
  startRetrying("attempts = 1, on = [\"503\"]");
  on_upstream = firstAnswers(kBusy);
  EXPECT_THAT(askAndWait(kGet), EndsWith("hello"));
  EXPECT_EQ(attempts(), "10.0.0.1:80 10.0.0.2:80 ");
  EXPECT_EQ(count(upstreamRequestsKey(id("orders"), 503, Reason::kNone)), 1U);
  EXPECT_EQ(count(upstreamRequestsKey(id("orders"), 200, Reason::kNone)), 1U);
  pass(Milliseconds(1'000));
  EXPECT_FALSE(arrival(0).ended()) << "the answer that nobody wanted came with its head";
}

TEST_F(ExchangeAttempts, TheLastListedStatusIsPassedOn) {
  startRetrying("attempts = 1, on = [\"503\"]");
  on_upstream = answering(std::string(kBusy));
  const std::string answer = askAndWait(kGet);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answer, EndsWith("busy"));
  EXPECT_EQ(arrivals.size(), 2U);
}

TEST_F(ExchangeAttempts, AResetIsRetriedWhenTheRouteSaysSo) {
  startRetrying("attempts = 1, on = [\"reset\"]");
  on_upstream = [this](StreamPeer& peer) {
    if (addressOf(peer) == "10.0.0.1:80") return peer.close();
    if (!peer.received().empty() && !peer.ended()) peer.send(reply("hello"));
  };
  EXPECT_THAT(askAndWait(kGet), EndsWith("hello"));
}

TEST_F(ExchangeAttempts, ATryThatTakesTooLongIsRetriedWhenTheRouteSaysSo) {
  startRetrying("attempts = 1, on = [\"timeout\"]", "per_try_timeout = \"100ms\"\n");
  on_upstream = firstAnswers("");
  EXPECT_THAT(askAndWait(kGet), EndsWith("hello"));
  EXPECT_EQ(count(timeoutsKey(id("all"), TimeoutStage::kPerTry)), 1U);
}

TEST_F(ExchangeAttempts, ATryBeginsWhenTheRequestIsThere) {
  startRetrying("attempts = 0", "per_try_timeout = \"500ms\"\n");
  on_upstream = nullptr;
  StreamPeer& client = connect();
  client.send("POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 4\r\n\r\n");
  for (const std::string_view piece : {"b", "o", "d"}) {
    pass(Milliseconds(450));
    client.send(piece);
  }
  pass(Milliseconds(450));
  EXPECT_EQ(client.received(), "");
  client.send("y");
  pass(Milliseconds(450));
  EXPECT_EQ(client.received(), "");
  pass(Milliseconds(100));
  EXPECT_THAT(client.received(), isLocalReply(504, "per_try_timeout"));
}

TEST_F(ExchangeAttempts, TheEndOfAnUploadStartsNoTryThatIsAnswered) {
  startRetrying("attempts = 0", "per_try_timeout = \"500ms\"\n");
  on_upstream = nullptr;
  StreamPeer& client = connect();
  client.send("POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 4\r\n\r\nbo");
  turn();
  arrival(0).send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe");
  turn();
  client.send("dy");
  pass(Milliseconds(1'000));
  arrival(0).send("llo");
  turn();
  EXPECT_THAT(client.received(), EndsWith("hello"));
}

TEST_F(ExchangeAttempts, ACallersDeadlineIsToldAsSuch) {
  startRetrying("attempts = 0", "timeout = \"2s\"\n");
  on_upstream = nullptr;
  const std::string call =
      "POST /a.B/C HTTP/1.1\r\nHost: shop.test\r\nContent-Type: application/grpc\r\n"
      "Content-Length: 0\r\n";
  EXPECT_THAT(askAndWait(call + "grpc-timeout: 300m\r\n\r\n"), HasSubstr("grpc-status: 4\r\n"));
  EXPECT_THAT(askAndWait(call + "grpc-timeout: 0m\r\n\r\n"), HasSubstr("grpc-status: 4\r\n"));
  StreamPeer& client = connect();
  client.send(call + "grpc-timeout: 1M\r\n\r\n");
  pass(Milliseconds(2'500));  // the route's time
  EXPECT_THAT(client.received(), HasSubstr("grpc-status: 14\r\n"));
}

TEST_F(ExchangeAttempts, WhatMayHaveBeenActedOnIsNotRetried) {
  startRetrying("attempts = 1, on = [\"503\"]");
  on_upstream = answering(std::string(kBusy));
  EXPECT_THAT(askAndWait("POST / HTTP/1.1\r\nHost: shop.test\r\n\r\n"), EndsWith("busy"));
  EXPECT_EQ(arrivals.size(), 1U);
  EXPECT_EQ(suppressed(RetryRefusal::kNotIdempotent), 1U);
}

TEST_F(ExchangeAttempts, UnlessTheRouteAllowsIt) {
  startRetrying("attempts = 1, on = [\"503\"], non_idempotent = true");
  on_upstream = firstAnswers(kBusy);
  EXPECT_THAT(askAndWait("POST / HTTP/1.1\r\nHost: shop.test\r\n\r\n"), EndsWith("hello"));
}

TEST_F(ExchangeAttempts, ABodyIsSentAgainFromItsFirstByte) {
  startRetrying("attempts = 1, on = [\"503\"]");
  on_upstream = firstAnswers(kBusy);
  EXPECT_THAT(
      askAndWait("PUT /a HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 9\r\n\r\nhello\r\n\r\n"),
      EndsWith("hello"));
  EXPECT_THAT(seenBy(0), EndsWith("\r\n\r\nhello\r\n\r\n"));
  EXPECT_THAT(seenBy(1), EndsWith("\r\n\r\nhello\r\n\r\n"));
}

TEST_F(ExchangeAttempts, AChunkedBodyIsSentAgainWithItsTrailers) {
  startRetrying("attempts = 1, on = [\"503\"]");
  on_upstream = firstAnswers(kBusy);
  const std::string body = "4\r\nover\r\n0\r\nx-sum: 7\r\n\r\n";
  EXPECT_THAT(
      askAndWait("PUT / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n" + body),
      EndsWith("hello"));
  EXPECT_THAT(seenBy(1), EndsWith("\r\n\r\n" + body));
}

TEST_F(ExchangeAttempts, ABodyBeyondTheReplayLimitIsSentOnce) {
  startRetrying("attempts = 1, on = [\"503\"], replay_body = \"1KiB\"");
  on_upstream = answering(std::string(kBusy));
  const std::string body = std::string(2'000, 'x') + "\r\n\r\n";
  EXPECT_THAT(
      askAndWait("PUT / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 2004\r\n\r\n" + body),
      EndsWith("busy"));
  EXPECT_EQ(arrivals.size(), 1U);
  EXPECT_EQ(suppressed(RetryRefusal::kBodyTooLarge), 1U);
}

TEST_F(ExchangeAttempts, TheBudgetBoundsRetries) {
  startRetrying("attempts = 1, on = [\"503\"]");
  on_upstream = answering(std::string(kBusy));
  for (int i = 0; i < 200; ++i) get();
  pass(Milliseconds(500));
  // 10 in this second, and 20 % of 200.
  EXPECT_EQ(suppressed(RetryRefusal::kBudget), 150U);
}

TEST_F(ExchangeAttempts, AConnectionThatClosedIsNoHarmToARequestThatCanBeRepeated) {
  startForwarding();
  EXPECT_THAT(get(), EndsWith("hello"));
  arrival(0).script = [](StreamPeer& peer) { peer.close(); };
  EXPECT_THAT(get(), EndsWith("hello"));
  // On a new connection to the endpoint without a fault.
  EXPECT_EQ(attempts(), "10.0.0.1:80 10.0.0.1:80 ");
  EXPECT_EQ(count(upstreamRequestsKey(id("orders"), 0, Reason::kUpstreamKeepaliveRace)), 1U);
  EXPECT_EQ(logged().status, 200);
  EXPECT_EQ(logged().attempts, 2U);
}

TEST_F(ExchangeAttempts, TheRepetitionDoesNotUseAnotherOldConnection) {
  startForwarding();
  on_upstream = nullptr;
  get();
  get();
  arrival(0).send(reply("one"));
  arrival(1).send(reply("two"));
  turn();
  EXPECT_EQ(gauge(upstreamConnectionsIdleKey(id("orders"))), 2);
  const auto leave = [](StreamPeer& peer) { peer.close(); };
  arrival(0).script = leave;
  arrival(1).script = leave;
  on_upstream = answering(reply("hello"));
  EXPECT_THAT(get(), EndsWith("hello"));
  EXPECT_EQ(arrivals.size(), 3U);
}

TEST_F(ExchangeAttempts, AConnectionThatClosesBetweenRequestsIsNotUsed) {
  startForwarding();
  get();
  arrival(0).close();
  turn();
  EXPECT_THAT(get(), EndsWith("hello"));
  EXPECT_EQ(count(upstreamReusedConnectionsKey(id("orders"))), 0U);
}

TEST_F(ExchangeAttempts, AnAnsweredConnectionIsUsedAgain) {
  startForwarding();
  get();
  EXPECT_THAT(get(), EndsWith("hello"));
  EXPECT_EQ(arrivals.size(), 1U);
  EXPECT_EQ(count(upstreamReusedConnectionsKey(id("orders"))), 1U);
}

TEST_F(ExchangeAttempts, ATimeOutOfConnectingIsRetried) {
  options.connect_timeout = Milliseconds(200);
  startRetrying("attempts = 1");
  connector.setOutcome(first, MemoryConnector::Outcome::kHangs);
  EXPECT_THAT(askAndWait(kGet), EndsWith("hello"));
  EXPECT_EQ(count(timeoutsKey(id("all"), TimeoutStage::kConnect)), 1U);
}

TEST_F(ExchangeAttempts, ABrokenAnswerIsNotRetried) {
  startRetrying("attempts = 3, on = [\"connect-failure\", \"reset\", \"timeout\"]");
  on_upstream = answering("nonsense\r\n\r\n");
  EXPECT_THAT(askAndWait(kGet), isLocalReply(502, "upstream_protocol_error"));
  EXPECT_EQ(arrivals.size(), 1U);
}

TEST_F(ExchangeAttempts, MoreAttemptsThanEndpointsStartOverWithThem) {
  startRetrying("attempts = 10, on = [\"503\"]");
  on_upstream = answering(std::string(kBusy));
  StreamPeer& client = connect();
  client.send(kGet);
  pass(Milliseconds(5'000));
  EXPECT_THAT(client.received(), EndsWith("busy"));
  EXPECT_EQ(logged().attempts, 11U);
}

}  // namespace
}  // namespace weir::proxy
