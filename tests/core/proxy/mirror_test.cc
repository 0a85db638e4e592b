#include "core/proxy/mirror.h"

#include "tests/core/proxy/fixture.h"

namespace weir::proxy {
namespace {

using test::MemoryConnector;
using test::StreamPeer;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr std::string_view kMirroredPost =
    "POST /a?b HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 6\r\n\r\n";

class MirrorTest : public ProxyTest {
 protected:
  MirrorTest() { on_upstream = nullptr; }
  void startMirroring() {
    start("[[route]]\nname = \"all\"\nupstream = \"orders\"\nmirror = [\"shadow\"]\n");
  }
  StreamPeer& send(std::string_view text) {
    StreamPeer& client = connect();
    client.send(text);
    turn();
    return client;
  }
  // The connection at the cluster "shadow" or "orders".
  StreamPeer& at(std::string_view address) {
    for (Arrival& each : arrivals) {
      if (each.to.text() == address) return *each.peer;
    }
    ADD_FAILURE() << "nothing arrived at " << address;
    return arrival(0);
  }
  StreamPeer& shadow() { return at("10.0.9.1:80"); }
  StreamPeer& orders() { return at("10.0.0.1:80"); }
  std::uint64_t outcomes(MirrorOutcome outcome) {
    std::uint64_t sum = 0;
    for (const int status : {0, 200, 413}) sum += outcomes(outcome, status);
    return sum;
  }
  // For all mirrors.
  std::uint64_t outcomes(MirrorOutcome outcome, int status) {
    std::uint64_t sum = 0;
    for (const auto& [name, endpoints] : clusters) {
      sum += count(mirrorRequestsKey(id(name), id("all"), outcome, status));
    }
    return sum;
  }

  const net::Address shadow_address = net::Address::parse("10.0.9.1:80").value();
};

TEST_F(MirrorTest, ACopyGoesToTheOtherCluster) {
  startMirroring();
  StreamPeer& client = send("GET /a?b HTTP/1.1\r\nHost: shop.test\r\nX-A: 1\r\n\r\n");
  EXPECT_THAT(shadow().received(),
              StartsWith("GET /a?b HTTP/1.1\r\nhost: shop.test\r\nX-A: 1\r\n"));
  EXPECT_EQ(shadow().received(), orders().received());
  orders().send(reply("real"));
  shadow().send(reply("copy"));
  turn();
  EXPECT_THAT(client.received(), EndsWith("real"));
  EXPECT_EQ(outcomes(MirrorOutcome::kSent), 1U);
  EXPECT_EQ(count(upstreamRequestsKey(id("shadow"), 200, Reason::kNone)), 1U);
}

TEST_F(MirrorTest, TheCopyHasTheBody) {
  startMirroring();
  StreamPeer& client = send(std::string(kMirroredPost) + "abc");
  client.send("def");
  turn();
  EXPECT_THAT(shadow().received(), EndsWith("\r\n\r\nabcdef"));
  shadow().send(reply("copy"));
  turn();
  EXPECT_EQ(outcomes(MirrorOutcome::kSent), 1U);
  orders().send(reply("real"));
  turn();
  EXPECT_THAT(client.received(), EndsWith("real"));
}

TEST_F(MirrorTest, EachOfSeveralCopiesHasTheBody) {
  clusters["second"] = {{"10.0.9.2:80"}};
  start("[[route]]\nname = \"all\"\nupstream = \"orders\"\nmirror = [\"shadow\", \"second\"]\n");
  StreamPeer& client = send(std::string(kMirroredPost) + "abc");
  client.send("def");
  turn();
  EXPECT_THAT(shadow().received(), EndsWith("\r\n\r\nabcdef"));
  EXPECT_THAT(at("10.0.9.2:80").received(), EndsWith("\r\n\r\nabcdef"));
  shadow().send(reply("copy"));
  at("10.0.9.2:80").send(reply("copy"));
  orders().send(reply("real"));
  turn();
  EXPECT_EQ(outcomes(MirrorOutcome::kSent), 2U);
  EXPECT_THAT(client.received(), EndsWith("real"));
}

TEST_F(MirrorTest, SeveralCopiesOfARequestThatIsCutShortAreGivenUp) {
  clusters["second"] = {{"10.0.9.2:80"}};
  start("[[route]]\nname = \"all\"\nupstream = \"orders\"\nmirror = [\"shadow\", \"second\"]\n");
  StreamPeer& client = send(std::string(kMirroredPost) + "abc");
  client.close();
  turn();
  EXPECT_EQ(outcomes(MirrorOutcome::kSkipped), 2U);
}

TEST_F(MirrorTest, TheCopyHasTheTrailers) {
  startMirroring();
  send(
      "POST / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n"
      "2\r\nab\r\n0\r\nx-sum: 7\r\n\r\n");
  EXPECT_THAT(shadow().received(), EndsWith("\r\n\r\n2\r\nab\r\n0\r\nx-sum: 7\r\n\r\n"));
}

TEST_F(MirrorTest, TheRequestDoesNotWaitForTheCopy) {
  startMirroring();
  connector.setOutcome(shadow_address, MemoryConnector::Outcome::kHangs);
  StreamPeer& client = send(std::string(kMirroredPost) + "abcdef");
  orders().send(reply("real"));
  turn();
  EXPECT_THAT(client.received(), EndsWith("real"));
  EXPECT_EQ(outcomes(MirrorOutcome::kSent), 0U);
  connector.finishHanging();
  turn();
  EXPECT_THAT(shadow().received(), EndsWith("abcdef"));
}

TEST_F(MirrorTest, TheRequestDoesNotHearOfTheCopysFailure) {
  startMirroring();
  connector.setOutcome(shadow_address, MemoryConnector::Outcome::kRefuses);
  StreamPeer& client = send(std::string(kMirroredPost) + "abc");
  client.send("def");
  turn();
  orders().send(reply("real"));
  turn();
  EXPECT_THAT(client.received(), EndsWith("real"));
  EXPECT_EQ(outcomes(MirrorOutcome::kFailed), 1U);
}

TEST_F(MirrorTest, ABrokenAnswerToTheCopyIsAFailure) {
  startMirroring();
  send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  shadow().close();
  turn();
  EXPECT_EQ(outcomes(MirrorOutcome::kFailed), 1U);
}

TEST_F(MirrorTest, AClusterWithoutEndpointsGetsNoCopy) {
  start("[[route]]\nname = \"all\"\nupstream = \"orders\"\nmirror = [\"empty\", \"unknown\"]\n");
  StreamPeer& client = send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  orders().send(reply("real"));
  turn();
  EXPECT_THAT(client.received(), EndsWith("real"));
  EXPECT_EQ(outcomes(MirrorOutcome::kFailed), 2U);
}

TEST_F(MirrorTest, ACopyThatDoesNotKeepUpIsGivenUp) {
  startMirroring();
  StreamPeer& client =
      send("POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 1000000\r\n\r\n");
  shadow().stream().setReading(false);
  client.send(std::string(1'000'000, 'x'));
  turn();
  EXPECT_EQ(outcomes(MirrorOutcome::kSkipped), 1U);
  EXPECT_GT(orders().received().size(), 1'000'000U);
  orders().send(reply("real"));
  turn();
  EXPECT_THAT(client.received(), EndsWith("real"));
}

TEST_F(MirrorTest, ACopyIsGivenUpWithItsRequest) {
  startMirroring();
  StreamPeer& client = send(std::string(kMirroredPost) + "abc");
  client.close();
  turn();
  EXPECT_EQ(outcomes(MirrorOutcome::kSkipped), 1U);
  EXPECT_TRUE(shadow().ended());
}

TEST_F(MirrorTest, ACopyThatWasAnsweredEarlyIsLetGoOfWithItsRequest) {
  startMirroring();
  StreamPeer& client = send(std::string(kMirroredPost) + "abc");
  shadow().send("HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n");
  turn();
  EXPECT_EQ(outcomes(MirrorOutcome::kSent, 413), 1U);
  client.close();
  turn();
  EXPECT_EQ(outcomes(MirrorOutcome::kSkipped), 0U);
}

TEST_F(MirrorTest, ACopyHasItsTime) {
  startMirroring();
  send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  orders().send(reply("real"));
  pass(Milliseconds(31'000));
  EXPECT_EQ(outcomes(MirrorOutcome::kFailed), 1U);
  EXPECT_TRUE(shadow().ended());
}

TEST_F(MirrorTest, InformationalAnswersToTheCopyAreOfNoInterest) {
  startMirroring();
  StreamPeer& client = send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  shadow().send("HTTP/1.1 103 Early Hints\r\n\r\n" + reply("copy"));
  turn();
  EXPECT_THAT(client.received(), IsEmpty());
  EXPECT_EQ(outcomes(MirrorOutcome::kSent), 1U);
}

TEST_F(MirrorTest, OnlyAShareMayBeCopied) {
  start(R"([[route]]
name = "all"
respond = { status = 204 }
match = { path = "/never" }
[[route]]
name = "rest"
upstream = "orders"
mirror = [{ upstream = "shadow", percent = "0%" }]
)");
  send("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  EXPECT_EQ(arrivals.size(), 1U);
}

}  // namespace
}  // namespace weir::proxy
