#include "observability/admin/admin_server.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/net/tcp_stream.h"
#include "tests/observability/admin/fixture.h"

namespace weir::admin {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;
using test::RawMessage;

class AdminServerTest : public AdminTest {};

TEST_F(AdminServerTest, GivesAHeadSoMuchTimeAndNoMore) {
  Client client = connect();
  client.peer->send("GET /healthz");
  turn();
  loop_.advance(9s);
  client.peer->send(" HTTP/1.1\r\n");
  turn();
  EXPECT_EQ(client.peer->received(), "");
  loop_.advance(1100ms);
  EXPECT_EQ(onlyReply(client.peer->received()).status(), 408);
  EXPECT_TRUE(client.peer->ended());
}

TEST_F(AdminServerTest, GivesABodySoMuchTimeAndNoMore) {
  Client client = connect();
  client.peer->send(requestText("POST /drain", "content-length: 3\r\n") + "ab");
  turn();
  loop_.advance(11s);
  EXPECT_EQ(onlyReply(client.peer->received()).status(), 408);
  EXPECT_TRUE(client.peer->ended());
  EXPECT_EQ(subject_.drains, 0);
}

TEST_F(AdminServerTest, ClosesAConnectionThatAsksNothing) {
  Client client = connect();
  loop_.advance(11s);
  EXPECT_EQ(client.peer->history(), "end");
  EXPECT_EQ(server_.connections(), 0U);
}

TEST_F(AdminServerTest, ClosesAConnectionThatIsIdle) {
  Client client = connect();
  client.peer->send(requestText("GET /healthz"));
  turn();
  loop_.advance(59s);
  EXPECT_EQ(server_.connections(), 1U);
  loop_.advance(2s);
  EXPECT_TRUE(client.peer->ended());
  EXPECT_EQ(server_.connections(), 0U);
}

TEST_F(AdminServerTest, ClosesTheLongestIdleConnectionForANewOne) {
  configure({.max_connections = 2});
  Client first = connect();
  loop_.advance(1s);
  Client second = connect();
  first.peer->send(requestText("GET /healthz"));
  loop_.advance(1s);
  Client third = connect();
  turn();
  EXPECT_FALSE(first.peer->ended());
  EXPECT_TRUE(second.peer->ended());
  third.peer->send(requestText("GET /readyz"));
  turn();
  EXPECT_EQ(onlyReply(third.peer->received()).status(), 200);
  EXPECT_EQ(server_.connections(), 2U);
}

// Slow clients must not lock out the operator.
TEST_F(AdminServerTest, ClosesAConnectionWhoseRequestIsIncompleteForANewOne) {
  configure({.max_connections = 2});
  Client head = connect();
  head.peer->send("GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ");
  loop_.advance(1s);
  Client body = connect();
  body.peer->send("POST /reload HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nx");
  loop_.advance(1s);
  Client second = connect();
  turn();
  EXPECT_TRUE(head.peer->ended());
  Client third = connect();
  turn();
  EXPECT_TRUE(body.peer->ended());
  for (const Client* served : {&second, &third}) {
    served->peer->send(requestText("GET /readyz"));
    turn();
    EXPECT_EQ(onlyReply(served->peer->received()).status(), 200);
  }
}

TEST_F(AdminServerTest, RefusesConnectionsWhenAllAreBusy) {
  configure({.max_connections = 1});
  subject_.defers = true;
  Client busy = connect();
  busy.peer->send(requestText("GET /upstreams"));
  turn();
  Client refused = connect();
  turn();
  const RawMessage reply = onlyReply(refused.peer->received());
  EXPECT_EQ(reply.status(), 503);
  EXPECT_EQ(reply.body, "{\"status\":503,\"detail\":\"too many admin connections\"}");
  EXPECT_TRUE(refused.peer->ended());
  subject_.answerDeferred();
  turn();
  EXPECT_EQ(onlyReply(busy.peer->received()).status(), 200);
}

TEST_F(AdminServerTest, EndsWithRequestsInHand) {
  subject_.defers = true;
  Client client = connect();
  {
    AdminServer brief(loop_, subject_);
    test::MemoryStream::Pair pair = test::MemoryStream::makePair(loop_);
    brief.serve(std::move(pair.first), caller_);
    client.peer = std::make_unique<test::StreamPeer>(std::move(pair.second));
    client.peer->send(requestText("GET /upstreams"));
    turn();
  }
  turn();
  EXPECT_EQ(client.peer->received(), "");
  EXPECT_TRUE(client.peer->ended());
}

// Over real sockets on loopback, in one loop.
class AdminSocketTest : public ::testing::Test {
 protected:
  Settings onFreePort() {
    Settings settings;
    settings.address = config::Address{"127.0.0.1", 0, {}};
    return settings;
  }
  std::unique_ptr<test::StreamPeer> connect(bool reading) {
    auto stream = net::TcpStream::connect(loop_, *server_.address());
    EXPECT_TRUE(stream.ok());
    return std::make_unique<test::StreamPeer>(std::move(stream.value()), reading);
  }
  // The bytes from the server until it closes the connection.
  std::string receiveAll(test::StreamPeer& client) {
    for (int turns = 0; turns < 1'000'000 && !client.ended() && !client.broken(); ++turns) {
      loop_.runOnce();
    }
    return client.received();
  }
  std::string ask(std::string_view request) {
    const auto client = connect(true);
    client->send(request);
    return receiveAll(*client);
  }

  event::Loop loop_;
  FakeSubject subject_;
  AdminServer server_{loop_, subject_};
};

constexpr std::string_view kAskAndClose =
    "GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

TEST_F(AdminSocketTest, ListensOnAFreePort) {
  EXPECT_EQ(server_.address(), nullptr);
  ASSERT_TRUE(server_.configure(onFreePort()).ok());
  ASSERT_NE(server_.address(), nullptr);
  EXPECT_NE(server_.address()->port(), 0);
  const std::string received = ask(kAskAndClose);
  EXPECT_EQ(received.substr(0, 15), "HTTP/1.1 200 OK");
  EXPECT_TRUE(received.ends_with("weir_up 1\n"));
}

TEST_F(AdminSocketTest, SendsALargePageThroughTheKernel) {
  subject_.metrics = largePage();
  ASSERT_TRUE(server_.configure(onFreePort()).ok());
  const std::string received = ask(kAskAndClose);
  EXPECT_TRUE(received.ends_with(subject_.metrics));
}

TEST_F(AdminSocketTest, SendsALargePageToASlowReaderThroughTheKernel) {
  subject_.metrics = largePage() + largePage();
  ASSERT_TRUE(server_.configure(onFreePort()).ok());
  const auto client = connect(false);
  client->send(kAskAndClose);
  for (int turns = 0; turns < 1'000 && subject_.scrapes == 0; ++turns) loop_.runOnce();
  for (int turns = 0; turns < 100; ++turns) loop_.runOnce();
  client->stream().setReading(true);
  EXPECT_TRUE(receiveAll(*client).ends_with(subject_.metrics));
  EXPECT_EQ(subject_.scrapes, 1);
}

TEST_F(AdminSocketTest, StaysWhereItIsWhenAReloadDoesNotMoveIt) {
  ASSERT_TRUE(server_.configure(onFreePort()).ok());
  const net::Address before = *server_.address();
  ASSERT_TRUE(server_.configure(onFreePort()).ok());
  EXPECT_EQ(*server_.address(), before);
}

TEST_F(AdminSocketTest, StopsListeningWhenTurnedOff) {
  ASSERT_TRUE(server_.configure(onFreePort()).ok());
  Settings off;
  off.address = std::nullopt;
  ASSERT_TRUE(server_.configure(off).ok());
  EXPECT_EQ(server_.address(), nullptr);
}

TEST_F(AdminSocketTest, DoesNotShareItsAddress) {
  ASSERT_TRUE(server_.configure(onFreePort()).ok());
  Settings same;
  same.address = config::Address{"127.0.0.1", server_.address()->port(), {}};
  AdminServer other(loop_, subject_);
  EXPECT_FALSE(other.configure(same).ok());
  EXPECT_EQ(other.address(), nullptr);
}

TEST_F(AdminSocketTest, KeepsItsAddressWhenTheNewOneIsTaken) {
  ASSERT_TRUE(server_.configure(onFreePort()).ok());
  AdminServer other(loop_, subject_);
  ASSERT_TRUE(other.configure(onFreePort()).ok());
  const net::Address before = *other.address();
  Settings taken;
  taken.address = config::Address{"127.0.0.1", server_.address()->port(), {}};
  EXPECT_FALSE(other.configure(taken).ok());
  EXPECT_EQ(*other.address(), before);
}

}  // namespace
}  // namespace weir::admin
