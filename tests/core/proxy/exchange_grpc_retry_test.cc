#include "tests/core/proxy/fixture.h"

// Retries of gRPC calls by their status, and pauses that responses ask for.
namespace weir::proxy {
namespace {

using test::StreamPeer;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view kCall =
    "POST /shop.Orders/Get HTTP/1.1\r\nHost: shop.test\r\nContent-Type: application/grpc\r\n"
    "Content-Length: 4\r\n\r\n\r\n\r\n";
constexpr std::string_view kGrpcHead =
    "HTTP/1.1 200 OK\r\ncontent-type: application/grpc\r\ntransfer-encoding: chunked\r\n\r\n";

// Upstreams at 10.0.0.1 and 10.0.0.2. The first sends `bad`, the second a message and OK.
class ExchangeGrpcRetry : public ProxyTest {
 protected:
  void startWith(std::string_view bad, std::string_view retry = "on = [\"unavailable\"]") {
    on_upstream = [this, bad = std::string(bad)](StreamPeer& peer) {
      if (!peer.ended() && peer.received().ends_with("\r\n\r\n")) {
        peer.send(arrivals.front().peer.get() == &peer ? bad : good);
      }
    };
    start("[[route]]\nname = \"all\"\nupstream = \"orders\"\nretry = { attempts = 1, " +
          std::string(retry) + " }\n");
  }
  StreamPeer& call() {
    StreamPeer& client = connect();
    client.send(kCall);
    return client;
  }
  std::string callAndWait() {
    StreamPeer& client = call();
    pass(Milliseconds(1'000));
    return client.received();
  }
  static std::string trailersOnly(std::string_view fields) {
    return "HTTP/1.1 200 OK\r\ncontent-type: application/grpc\r\ncontent-length: 0\r\n" +
           std::string(fields) + "\r\n";
  }
  static std::string inTrailers(std::string_view fields) {
    return std::string(kGrpcHead) + "0\r\n" + std::string(fields) + "\r\n";
  }
  std::uint64_t refusals(RetryRefusal reason) {
    return count(retriesSuppressedKey(id("orders"), reason));
  }

  const std::string good = std::string(kGrpcHead) + "5\r\nhello\r\n0\r\ngrpc-status: 0\r\n\r\n";
};

TEST_F(ExchangeGrpcRetry, AListedStatusInTheHeadIsRetriedElsewhere) {
  startWith(trailersOnly("grpc-status: 14\r\n"));
  const std::string text = callAndWait();
  EXPECT_THAT(text, HasSubstr("hello"));
  EXPECT_THAT(text, HasSubstr("grpc-status: 0\r\n"));
  EXPECT_EQ(arrivals.size(), 2U);
  EXPECT_EQ(arrivals[1].to.text(), "10.0.0.2:80");
}

TEST_F(ExchangeGrpcRetry, AListedStatusInTheTrailersIsRetriedIfThereIsNoMessage) {
  startWith(inTrailers("grpc-status: 14\r\n"));
  const std::string text = callAndWait();
  EXPECT_THAT(text, HasSubstr("hello"));
  EXPECT_THAT(text, Not(HasSubstr("grpc-status: 14")));
  EXPECT_EQ(arrivals.size(), 2U);
  EXPECT_THAT(seenBy(1), EndsWith("\r\n\r\n\r\n\r\n")) << "the message is sent again";
}

TEST_F(ExchangeGrpcRetry, TheTrailersAfterAMessageAreNotARetry) {
  startWith(std::string(kGrpcHead) + "3\r\none\r\n0\r\ngrpc-status: 14\r\n\r\n");
  const std::string text = callAndWait();
  EXPECT_THAT(text, HasSubstr("one"));
  EXPECT_THAT(text, HasSubstr("grpc-status: 14\r\n"));
  EXPECT_EQ(arrivals.size(), 1U);
}

TEST_F(ExchangeGrpcRetry, TheHeadWaitsForTheFirstMessage) {
  startWith(kGrpcHead);
  StreamPeer& client = call();
  turn();
  EXPECT_THAT(client.received(), IsEmpty());
  arrival(0).send("3\r\none\r\n");
  turn();
  EXPECT_THAT(client.received(), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(client.received(), HasSubstr("one"));
  arrival(0).send("0\r\ngrpc-status: 0\r\n\r\n");
  turn();
  EXPECT_THAT(client.received(), HasSubstr("grpc-status: 0\r\n"));
}

TEST_F(ExchangeGrpcRetry, TheHeadDoesNotWaitIfTheClientIsStillSending) {
  startWith(kGrpcHead);
  on_upstream = nullptr;
  StreamPeer& client = connect();
  client.send(
      "POST /shop.Orders/Chat HTTP/1.1\r\nHost: shop.test\r\nContent-Type: application/grpc\r\n"
      "Transfer-Encoding: chunked\r\n\r\n");
  turn();
  arrival(0).send(kGrpcHead);
  turn();
  EXPECT_THAT(client.received(), StartsWith("HTTP/1.1 200 "));
  client.send("0\r\n\r\n");
  arrival(0).send("0\r\ngrpc-status: 0\r\n\r\n");
  turn();
}

TEST_F(ExchangeGrpcRetry, OtherStatusesPass) {
  for (const std::string_view status : {"grpc-status: 0\r\n", "grpc-status: 5\r\n", ""}) {
    startWith(inTrailers(status));
    EXPECT_THAT(callAndWait(), HasSubstr(std::string(status) + "\r\n"));
    EXPECT_EQ(arrivals.size(), 1U);
    arrival(0).close();
    turn();
    arrivals.clear();
  }
}

TEST_F(ExchangeGrpcRetry, TheLastAttemptsStatusReachesTheClient) {
  startWith(inTrailers("grpc-status: 14\r\ngrpc-message: gone\r\n"));
  on_upstream = answering(inTrailers("grpc-status: 14\r\ngrpc-message: gone\r\n"));
  const std::string text = callAndWait();
  EXPECT_THAT(text, HasSubstr("grpc-status: 14\r\n"));
  EXPECT_EQ(arrivals.size(), 2U);
  EXPECT_EQ(count(upstream::retriesKey(id("orders"), id("all"), Reason::kUpstreamStatus,
                                       upstream::RetryOutcome::kFailure)),
            1U);
}

TEST_F(ExchangeGrpcRetry, AResponseThatIsCutWhileItsHeadWaitsIsAReset) {
  startWith(kGrpcHead);
  StreamPeer& client = call();
  turn();
  arrival(0).close();
  turn();
  EXPECT_THAT(client.received(), HasSubstr("grpc-status: 14\r\n"));
  EXPECT_EQ(logged().reason, Reason::kUpstreamResetBeforeHeaders);
}

TEST_F(ExchangeGrpcRetry, ANegativePushbackIsNeverRetried) {
  startWith(trailersOnly("grpc-status: 14\r\ngrpc-retry-pushback-ms: -1\r\n"));
  EXPECT_THAT(callAndWait(), HasSubstr("grpc-status: 14\r\n"));
  EXPECT_EQ(arrivals.size(), 1U);
  EXPECT_EQ(refusals(RetryRefusal::kPushback), 1U);
}

TEST_F(ExchangeGrpcRetry, APushbackInTheTrailersIsAPause) {
  startWith(inTrailers("grpc-status: 14\r\ngrpc-retry-pushback-ms: 3000\r\n"));
  StreamPeer& client = call();
  pass(Milliseconds(2'900));
  EXPECT_EQ(arrivals.size(), 1U);
  pass(Milliseconds(400));
  EXPECT_THAT(client.received(), HasSubstr("hello"));
}

TEST_F(ExchangeGrpcRetry, RetryAfterIsAPause) {
  startWith("HTTP/1.1 503 Busy\r\nretry-after: 2\r\ncontent-length: 4\r\n\r\nbusy",
            "on = [\"503\"], non_idempotent = true");
  StreamPeer& client = call();
  pass(Milliseconds(1'900));
  EXPECT_EQ(arrivals.size(), 1U);
  pass(Milliseconds(400));
  EXPECT_THAT(client.received(), HasSubstr("hello"));
}

TEST_F(ExchangeGrpcRetry, APauseThatIsTooLongIsNotWaitedFor) {
  startWith("HTTP/1.1 503 Busy\r\nretry-after: 6\r\ncontent-length: 4\r\n\r\nbusy",
            "on = [\"503\"], non_idempotent = true");
  EXPECT_THAT(callAndWait(), EndsWith("busy"));
  EXPECT_EQ(refusals(RetryRefusal::kPushback), 1U);
}

TEST_F(ExchangeGrpcRetry, APauseLongerThanTheTimeLeftIsNotWaitedFor) {
  on_upstream = answering("HTTP/1.1 503 Busy\r\nretry-after: 3\r\ncontent-length: 4\r\n\r\nbusy");
  start(
      "[[route]]\nname = \"all\"\nupstream = \"orders\"\ntimeout = \"2s\"\n"
      "retry = { attempts = 1, on = [\"503\"] }\n");
  EXPECT_THAT(get(), EndsWith("busy"));
  EXPECT_EQ(refusals(RetryRefusal::kDeadline), 1U);
}

}  // namespace
}  // namespace weir::proxy
