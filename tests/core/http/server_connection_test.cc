#include "core/http/server_connection.h"

#include <list>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "tests/support/memory_stream.h"
#include "tests/support/stream_peer.h"

namespace weir::http {
namespace {

using std::chrono_literals::operator""s;

// Answers each request with 204, and a failed one with the code of its failure in a header.
class Answered final : public RequestEvents {
 public:
  Answered(Responder& responder, BlockPool& pool)
      : responder_(responder), arena_(pool), request_(arena_) {}

  Request& request() override { return request_; }
  void onRequestHead() override {
    if (request_.body == BodyKind::kNone) answer("none");
  }
  void onRequestBody(Bytes) override {}
  void onRequestEnd() override { answer("none"); }
  void onRequestFailed(Error error) override {
    if (error.code == ErrorCode::kTimeout) return answer("timeout");
    responder_.abort();
    responder_.release();
  }
  void onResponseDrained() override {}

 private:
  void answer(std::string_view failure) {
    Response response(arena_);
    response.status = 204;
    response.headers.add("x-failure", failure);
    responder_.sendHead(response);
    responder_.finish(nullptr);
    responder_.release();
  }

  Responder& responder_;
  Arena arena_;
  Request request_;
};

class TestConnection final : private ServerConnection {
 public:
  TestConnection(event::Loop& loop, const ServerTerms& terms, std::unique_ptr<net::Stream> stream)
      : ServerConnection(loop, terms, std::move(stream)), loop_(loop), terms_(terms) {
    armFor(ServerCodec::Phase::kHead);
    read();
  }
  void drain() {
    drains_ = true;
    endWhenDrained(drainCodec());
  }
  using ServerConnection::stop;

  int closed = 0;
  int head_timeouts = 0;

 private:
  event::Loop& loop() override { return loop_; }
  const ServerTerms& terms() const override { return terms_; }
  bool draining() const override { return drains_; }
  void onClosed() override { ++closed; }
  void onHeadTimeout() override { ++head_timeouts; }
  RequestEvents& openExchange(Responder& responder) override {
    armFor(ServerCodec::Phase::kHead);
    return exchanges_.emplace_back(responder, loop_.scratch());
  }
  void closeExchange(RequestEvents& exchange) override {
    exchanges_.remove_if([&](const Answered& each) { return &each == &exchange; });
    armForCodec();
  }

  event::Loop& loop_;
  const ServerTerms& terms_;
  std::list<Answered> exchanges_;
  bool drains_ = false;
};

class ServerConnectionTest : public ::testing::Test {
 protected:
  ServerConnectionTest() {
    terms_.header_timeout = 10s;
    terms_.idle_timeout = 60s;
    test::MemoryStream::Pair pair = test::MemoryStream::makePair(loop_);
    connection_ = std::make_unique<TestConnection>(loop_, terms_, std::move(pair.first));
    client_ = std::make_unique<test::StreamPeer>(std::move(pair.second));
  }
  std::string send(std::string_view text) {
    client_->send(text);
    loop_.advance(Milliseconds(0));
    return client_->takeReceived();
  }

  // True if the connection is closed, also for its client.
  bool closed() {
    if (connection_->closed != 1) return false;
    connection_.reset();
    loop_.advance(Milliseconds(0));
    return client_->ended();
  }

  event::Loop loop_{event::Loop::Time::kManual};
  ServerTerms terms_;
  std::unique_ptr<TestConnection> connection_;
  std::unique_ptr<test::StreamPeer> client_;
};

constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
constexpr std::string_view kReply = "HTTP/1.1 204 No Content\r\nx-failure: none\r\n\r\n";

// The preface and empty SETTINGS.
constexpr std::string_view kHttp2Start("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", 33);

TEST_F(ServerConnectionTest, ServesRequestsUntilTheIdleTimeout) {
  EXPECT_EQ(send(kRequest), kReply);
  loop_.advance(59s);
  EXPECT_EQ(send(kRequest), kReply);
  loop_.advance(59s);
  EXPECT_EQ(connection_->closed, 0);
  loop_.advance(2s);
  EXPECT_TRUE(closed());
}

TEST_F(ServerConnectionTest, LimitsTheTimeOfAHead) {
  send("GET / HTTP/1.1\r\n");
  loop_.advance(9s);
  send("host: a\r\n");
  EXPECT_EQ(connection_->head_timeouts, 0);
  loop_.advance(2s);
  EXPECT_EQ(connection_->head_timeouts, 1);
  EXPECT_NE(client_->received().find("x-failure: timeout"), std::string::npos);
}

TEST_F(ServerConnectionTest, FollowsTheTermsInForce) {
  send(kRequest);
  terms_.idle_timeout = 5s;
  send(kRequest);
  loop_.advance(6s);
  EXPECT_EQ(connection_->closed, 1);
}

TEST_F(ServerConnectionTest, DetectsHttp2ByItsPreface) {
  const std::string received = send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  ASSERT_GE(received.size(), 4U);
  EXPECT_EQ(received[3], '\x04');  // a SETTINGS frame
}

// It returns memory meanwhile, which does not count as use.
TEST_F(ServerConnectionTest, ClosesAnIdleHttp2ConnectionAfterTheWholeTimeout) {
  send(kHttp2Start);
  loop_.advance(3s);
  EXPECT_EQ(connection_->closed, 0);
  EXPECT_EQ(client_->takeReceived(), "");
  loop_.advance(56s);
  EXPECT_EQ(client_->takeReceived(), "");
  loop_.advance(2s);
  EXPECT_NE(client_->takeReceived(), "");  // GOAWAY
  loop_.advance(3s);                       // the client leaves the rest to weir
  EXPECT_TRUE(closed());
}

TEST_F(ServerConnectionTest, AnHttp2ConnectionWithAShortIdleTimeoutDoesNotLastLonger) {
  terms_.idle_timeout = 1s;
  send(kHttp2Start);
  loop_.advance(Milliseconds(1'100));
  loop_.advance(3s);
  EXPECT_TRUE(closed());
}

TEST_F(ServerConnectionTest, AnIdleHttp2ConnectionThatDrainsDoesNotWaitForItsMemory) {
  send(kHttp2Start);
  connection_->drain();
  loop_.advance(3s);  // the client ignores the notice
  loop_.advance(3s);
  EXPECT_TRUE(closed());
}

TEST_F(ServerConnectionTest, ClosesAnIdleConnectionThatDrains) {
  send(kRequest);
  connection_->drain();
  loop_.advance(Milliseconds(0));
  EXPECT_TRUE(closed());
}

TEST_F(ServerConnectionTest, CompletesARequestThenClosesOneThatDrains) {
  send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\n");
  connection_->drain();
  EXPECT_NE(send("x").find("connection: close"), std::string::npos);
  EXPECT_TRUE(closed());
}

TEST_F(ServerConnectionTest, AbortsARequestWhenItStops) {
  send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\n");
  connection_->stop();
  connection_->stop();
  EXPECT_EQ(connection_->closed, 1);
}

TEST_F(ServerConnectionTest, EndsWithItsClient) {
  client_->close();
  loop_.advance(Milliseconds(0));
  EXPECT_EQ(connection_->closed, 1);
}

}  // namespace
}  // namespace weir::http
