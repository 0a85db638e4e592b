#include "core/proxy/deadline.h"

#include "core/base/number.h"
#include "tests/core/proxy/fixture.h"

namespace weir::proxy {
namespace {

using test::StreamPeer;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// One upstream receives the requests at once and never responds.
class Deadlines : public ProxyTest {
 protected:
  Deadlines() { on_upstream = nullptr; }

  void startRoute(std::string_view more = {}) {
    start("[[route]]\nname = \"all\"\nupstream = \"orders\"\nretry.attempts = 0\n" +
          std::string(more));
  }
  void trust() { listener_plan.trusted_proxies = {IpRange::parse("203.0.113.0/24").value()}; }
  StreamPeer& ask(std::string_view fields) {
    StreamPeer& client = connect();
    client.send("GET / HTTP/1.1\r\nHost: shop.test\r\n" + std::string(fields) + "\r\n");
    turn();
    return client;
  }
  StreamPeer& call(std::string_view fields) {
    return ask("Content-Type: application/grpc\r\n" + std::string(fields));
  }
  std::uint64_t expired() { return count(timeoutsKey(id("all"), TimeoutStage::kDeadline)); }
};

TEST_F(Deadlines, AGrpcTimeoutIsForwardedWithWhatIsLeft) {
  startRoute();
  call("grpc-timeout: 2S\r\n");
  EXPECT_THAT(seenBy(0), HasSubstr("grpc-timeout: 1999m\r\n"));
  EXPECT_THAT(seenBy(0), Not(HasSubstr("x-weir-deadline-ms")));
}

TEST_F(Deadlines, WithoutADeadlineNothingIsForwarded) {
  startRoute("timeout = \"3s\"\n");
  ask("");
  EXPECT_THAT(seenBy(0), Not(HasSubstr("deadline")));
  call("");
  EXPECT_THAT(seenBy(1), Not(HasSubstr("grpc-timeout")));
}

TEST_F(Deadlines, TheTimeOfARetryIsDeducted) {
  start(
      "[[route]]\nname = \"all\"\nupstream = \"orders\"\n"
      "retry = { attempts = 1, on = [\"reset\"], non_idempotent = true }\n");
  call("grpc-timeout: 10S\r\n");
  pass(Milliseconds(2'000));
  arrival(0).close();
  pass(Milliseconds(300));
  ASSERT_EQ(arrivals.size(), 2U);
  const std::string seen = seenBy(1);
  const std::size_t at = seen.find("grpc-timeout: ");
  ASSERT_NE(at, std::string::npos);
  const std::string_view text = std::string_view(seen).substr(at + 14);
  const int told = parseNumber<int>(text.substr(0, text.find('m'))).value_or(0);
  EXPECT_LE(told, 7'999);
  EXPECT_GE(told, 7'600);
}

TEST_F(Deadlines, ThatOfAClientIsClampedToTheRoute) {
  startRoute("timeout = \"2s\"\nper_try_timeout = \"1s\"\n");
  call("grpc-timeout: 1H\r\n");
  EXPECT_THAT(seenBy(0), HasSubstr("grpc-timeout: 999m\r\n"));
}

TEST_F(Deadlines, AnExpiredOneIsRefusedBeforeConnecting) {
  startRoute();
  EXPECT_THAT(call("grpc-timeout: 0m\r\n").received(), HasSubstr("grpc-status: 4\r\n"));
  EXPECT_EQ(connector.attempts().size(), 0U);
  EXPECT_EQ(logged().reason, Reason::kRequestTimeout);
  EXPECT_EQ(expired(), 1U);
}

TEST_F(Deadlines, TrustedPeersMaySendThemWithAnyRequest) {
  trust();
  startRoute();
  StreamPeer& client = ask("x-weir-deadline-ms: 500\r\n");
  EXPECT_THAT(seenBy(0), HasSubstr("x-weir-deadline-ms: 499\r\n"));
  pass(Milliseconds(490));
  EXPECT_THAT(client.received(), IsEmpty());
  pass(Milliseconds(20));
  EXPECT_THAT(client.received(), isLocalReply(504, "request_timeout"));
  EXPECT_EQ(expired(), 1U);
  EXPECT_THAT(ask("X-Weir-Deadline-Ms: 0\r\n").received(), isLocalReply(504, "request_timeout"));
  EXPECT_EQ(arrivals.size(), 1U);
}

TEST_F(Deadlines, TheShorterOneCounts) {
  trust();
  startRoute();
  ask("x-weir-deadline-ms: 5000\r\nx-envoy-expected-rq-timeout-ms: 3000\r\n");
  EXPECT_THAT(seenBy(0), HasSubstr("x-weir-deadline-ms: 2999\r\n"));
  EXPECT_THAT(seenBy(0), HasSubstr("x-envoy-expected-rq-timeout-ms: 2999\r\n"));
  call("grpc-timeout: 1S\r\nx-weir-deadline-ms: 5000\r\n");
  EXPECT_THAT(seenBy(1), HasSubstr("grpc-timeout: 999m\r\n"));
}

TEST_F(Deadlines, OthersMayNot) {
  startRoute();
  StreamPeer& client = ask("x-weir-deadline-ms: 0\r\nx-envoy-expected-rq-timeout-ms: 0\r\n");
  EXPECT_THAT(client.received(), IsEmpty());
  EXPECT_THAT(seenBy(0), Not(HasSubstr("x-weir-deadline-ms")));
}

TEST_F(Deadlines, InvalidOnesAreIgnored) {
  trust();
  startRoute();
  for (const std::string_view text : {"-1", "", "1.5", "soon", "99999999999999999999"}) {
    ask("x-weir-deadline-ms: " + std::string(text) + "\r\n");
    EXPECT_THAT(seenBy(arrivals.size() - 1), Not(HasSubstr("x-weir-deadline-ms")));
  }
  EXPECT_EQ(arrivals.size(), 5U);
}

TEST_F(Deadlines, TheRolesLimitStaysInForce) {
  trust();
  defaults.response_timeout = Milliseconds(1'000);
  startRoute();
  StreamPeer& client = ask("x-weir-deadline-ms: 5000\r\n");
  EXPECT_THAT(seenBy(0), HasSubstr("x-weir-deadline-ms: 999\r\n"));
  pass(Milliseconds(1'100));
  EXPECT_THAT(client.received(), isLocalReply(504, "upstream_timeout"));
}

TEST_F(Deadlines, AResponseThatHasBegunIsAborted) {
  trust();
  startRoute();
  StreamPeer& client = ask("x-weir-deadline-ms: 500\r\n");
  arrival(0).send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe");
  pass(Milliseconds(600));
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(logged().reason, Reason::kRequestTimeout);
}

class DeadlineText : public testing::Test {
 protected:
  std::string grpcAfter(Milliseconds left) {
    request.headers.set(http::HeaderId::kContentType, "application/grpc");
    writeDeadline(request, left);
    return std::string(request.headers.get("grpc-timeout").value_or(""));
  }

  BlockPool blocks{4096};
  Arena arena{blocks};
  http::Request request{arena};
};

TEST_F(DeadlineText, HasAtMostEightDigitsForGrpc) {
  EXPECT_EQ(grpcAfter(Milliseconds(0)), "1m");
  EXPECT_EQ(grpcAfter(Milliseconds(1)), "1m");
  EXPECT_EQ(grpcAfter(Milliseconds(100'000'000)), "99999999m");
  EXPECT_EQ(grpcAfter(Milliseconds(100'000'001)), "100000S");
}

}  // namespace
}  // namespace weir::proxy
