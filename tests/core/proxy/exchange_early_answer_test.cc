#include "tests/core/proxy/fixture.h"

// Responses before the end of the request: the rest of the request is read within limits, so that
// the connection can continue, or the response has "connection: close".
namespace weir::proxy {
namespace {

using test::StreamPeer;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kUpload = "POST / HTTP/1.1\r\nHost: shop.test\r\n";
constexpr std::string_view kChunkedPost =
    "POST / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr std::string_view kRefusal = "HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n";

class EarlyAnswer : public ProxyTest {
 protected:
  void SetUp() override {
    // The upstream refuses a POST at once, and answers a GET.
    on_upstream = [](StreamPeer& peer) {
      if (peer.ended() || peer.closed()) return;
      const std::size_t at = peer.received().rfind(" / HTTP/1.1\r\n");
      if (at != std::string::npos && peer.received().substr(0, at).ends_with("GET")) {
        return answering(reply("hello"))(peer);
      }
      if (std::exchange(refused, &peer) != &peer) peer.send(kRefusal);
    };
  }
  // The response to the beginning of a request.
  std::string begin(std::string_view bytes) {
    refused = nullptr;
    client_ = &connect();
    return more(bytes);
  }
  std::string more(std::string_view bytes) {
    client_->send(bytes);
    turn();
    return client_->takeReceived();
  }
  static std::string withLength(std::uint64_t length, std::string_view fields = {}) {
    return std::string(kUpload) + "Content-Length: " + std::to_string(length) + "\r\n" +
           std::string(fields) + "\r\n";
  }
  static auto keeps(std::string_view status) {
    return AllOf(StartsWith("HTTP/1.1 " + std::string(status)), Not(HasSubstr("connection:")));
  }
  static auto closes(std::string_view status) {
    return AllOf(StartsWith("HTTP/1.1 " + std::string(status)),
                 HasSubstr("\r\nconnection: close\r\n"));
  }

  static StreamPeer* refused;
  StreamPeer* client_ = nullptr;
};

StreamPeer* EarlyAnswer::refused = nullptr;

TEST_F(EarlyAnswer, TheRestOfABodyIsReadAndTheNextRequestServed) {
  startForwarding();
  EXPECT_THAT(begin(withLength(100) + "begin"), keeps("413"));
  EXPECT_EQ(more(std::string(90, 'x')), "");
  EXPECT_FALSE(client_->ended());
  EXPECT_THAT(more("12345" + std::string(kGet)), EndsWith("hello"));
  EXPECT_THAT(more(kGet), EndsWith("hello"));
}

TEST_F(EarlyAnswer, TheRestOfChunksIsReadToTheEndOfTheTrailers) {
  startForwarding();
  const std::string rest =
      "llo\r\n2 ;ext=\"a;b\"\r\nab\r\n0\r\nX-A: 1\r\nX-B: 2\r\n\r\n" + std::string(kGet);
  EXPECT_THAT(begin(std::string(kChunkedPost) + "5\r\nhe"), keeps("413"));
  std::string answer;
  for (const char c : rest) answer += more({&c, 1});
  EXPECT_THAT(answer, EndsWith("hello"));
  EXPECT_THAT(begin(std::string(kChunkedPost) + "5\r\nhe"), keeps("413"));
  EXPECT_THAT(more(rest), EndsWith("hello"));
}

TEST_F(EarlyAnswer, ABrokenRestEndsTheConnection) {
  startForwarding();
  for (const std::string_view rest :
       {"xx\r\n", "llo\n0\r\n\r\n", "llo\r\n0\r\nA: 1\n\r\n", "llo\r\n0\r\n\rx"}) {
    EXPECT_THAT(begin(std::string(kChunkedPost) + "5\r\nhe"), keeps("413"));
    EXPECT_EQ(more(std::string(rest) + std::string(kGet)), "") << rest;
    EXPECT_TRUE(client_->ended()) << rest;
  }
}

TEST_F(EarlyAnswer, AnswersOfOursKeepTheConnectionAsWell) {
  start(
      "[[route]]\nname = \"moved\"\nmatch = { path = \"/\", methods = [\"POST\"] }\n"
      "redirect = { path = \"/new\" }\n[[route]]\nname = \"all\"\nupstream = \"orders\"\n");
  EXPECT_THAT(begin(withLength(4) + "body" + std::string(kGet)),
              AllOf(keeps("301"), EndsWith("hello")));
  EXPECT_THAT(begin(withLength(4)), keeps("301"));
  EXPECT_THAT(more("body" + std::string(kGet)), EndsWith("hello"));
  EXPECT_THAT(begin(std::string(kChunkedPost) + "4\r\nbody\r\n0\r\n\r\n" + std::string(kGet)),
              AllOf(keeps("301"), EndsWith("hello")));
}

TEST_F(EarlyAnswer, MoreThanAMebibyteIsNotReadAndThatIsSaid) {
  startForwarding();
  EXPECT_THAT(begin(withLength(1024 * 1024 + 6) + "begin"), closes("413"));
  EXPECT_THAT(begin(withLength(1024 * 1024 + 5) + "begin"), keeps("413"));
}

TEST_F(EarlyAnswer, ChunksThatDoNotEndEndTheConnection) {
  startForwarding();
  EXPECT_THAT(begin(std::string(kChunkedPost) + "100000\r\nbegin"), keeps("413"));
  const std::string piece(64 * 1024, 'x');
  for (int i = 0; i < 15; ++i) more(piece);
  EXPECT_FALSE(client_->ended());
  more(piece.substr(5) + "\r\n8\r\n");
  more(piece);
  EXPECT_TRUE(client_->ended());
}

TEST_F(EarlyAnswer, WhoWaitsForA100IsToldThatTheConnectionEnds) {
  startForwarding();
  EXPECT_THAT(begin(withLength(4, "Expect: 100-continue\r\n")), closes("413"));
  EXPECT_TRUE(client_->ended());
  start("[[route]]\nname = \"all\"\nrespond.status = 403\n");
  EXPECT_THAT(begin(withLength(4, "Expect: 100-continue\r\n")), closes("403"));
}

TEST_F(EarlyAnswer, WhoGotA100SendsTheRest) {
  startForwarding();
  on_upstream = [](StreamPeer& peer) {
    if (peer.received().ends_with("\r\n\r\n")) peer.send("HTTP/1.1 100 Continue\r\n\r\n");
    if (peer.received().ends_with("he")) peer.send(kRefusal);
  };
  EXPECT_EQ(begin(withLength(5, "Expect: 100-continue\r\n")), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_THAT(more("he"), keeps("413"));
  on_upstream = answering(reply("hello"));
  EXPECT_THAT(more("llo" + std::string(kGet)), EndsWith("hello"));
}

TEST_F(EarlyAnswer, WhoIsTooSlowIsNotWaitedFor) {
  start("[[route]]\nname = \"all\"\nupstream = \"orders\"\nidle_timeout = \"1s\"\n");
  on_upstream = nullptr;
  begin(withLength(100) + "begin");
  pass(Milliseconds(1'500));
  EXPECT_THAT(client_->received(), closes("408"));
  EXPECT_TRUE(client_->ended());
}

TEST_F(EarlyAnswer, TheRestHasTenSeconds) {
  startForwarding();
  EXPECT_THAT(begin(withLength(100) + "begin"), keeps("413"));
  for (int i = 0; i < 9; ++i) {
    pass(Milliseconds(1'000));
    more("x");
  }
  EXPECT_FALSE(client_->ended());
  pass(Milliseconds(1'500));
  EXPECT_TRUE(client_->ended());
}

TEST_F(EarlyAnswer, TheTimeBetweenRequestsBeginsBehindTheRest) {
  listener_plan.idle_timeout = Milliseconds(60'000);
  startForwarding();
  EXPECT_THAT(begin(withLength(10) + "begin"), keeps("413"));
  more("12345");
  pass(Milliseconds(50'000));
  EXPECT_THAT(more(kGet), EndsWith("hello"));
}

TEST_F(EarlyAnswer, AClientThatGoesAmidTheRestIsLetGo) {
  startForwarding();
  begin(withLength(100) + "begin");
  client_->end();
  turn();
  EXPECT_TRUE(client_->ended());
  begin(withLength(100) + "begin");
  client_->close();
  turn();
  EXPECT_EQ(listener->connections(), 0U);
}

TEST_F(EarlyAnswer, AStoppedUploadGoesOnBehindTheAnswer) {
  startForwarding();
  on_upstream = nullptr;
  begin(withLength(600'000));
  arrival(0).stream().setReading(false);
  const std::string piece(100'000, 'x');
  for (int i = 0; i < 6; ++i) more(piece);
  arrival(0).send(kRefusal);
  turn();
  EXPECT_THAT(client_->takeReceived(), keeps("413"));
  on_upstream = answering(reply("hello"));
  EXPECT_THAT(more(kGet), EndsWith("hello"));
}

}  // namespace
}  // namespace weir::proxy
