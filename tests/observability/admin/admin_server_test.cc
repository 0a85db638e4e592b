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

constexpr std::size_t kLargePage = 5'000'000;

std::string largePage() {
  std::string page;
  page.reserve(kLargePage + 100);
  while (page.size() < kLargePage) page += "weir_sample " + std::to_string(page.size()) + "\n";
  return page;
}

class AdminServerTest : public AdminTest {};

TEST_F(AdminServerTest, KeepsTheConnection) {
  Client client = connect();
  client.peer->send(requestText("GET /healthz"));
  turn();
  EXPECT_EQ(onlyReply(client.peer->takeReceived()).body, "ok\n");
  client.peer->send(requestText("GET /readyz"));
  turn();
  EXPECT_EQ(onlyReply(client.peer->takeReceived()).body, "ok\n");
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(AdminServerTest, ClosesWhenTheClientSaysSo) {
  Client client = connect();
  client.peer->send(requestText("GET /healthz", "connection: close\r\n"));
  turn();
  EXPECT_EQ(client.peer->history(), "data end");
  EXPECT_EQ(onlyReply(client.peer->received()).value("connection"), "close");
  EXPECT_EQ(server.connections(), 0U);
}

TEST_F(AdminServerTest, AnswersHttp10) {
  Client client = connect();
  client.peer->send("GET /healthz HTTP/1.0\r\n\r\n");
  turn();
  EXPECT_EQ(onlyReply(client.peer->received()).body, "ok\n");
  EXPECT_TRUE(client.peer->ended());
}

TEST_F(AdminServerTest, AnswersPipelinedRequestsInOrder) {
  const std::string received = exchange(requestText("GET /metrics") + requestText("GET /nothing") +
                                        requestText("HEAD /x") + requestText("POST /drain"));
  std::string_view rest = received;
  EXPECT_EQ(test::takeResponse(rest, {}).body, "weir_up 1\n");
  EXPECT_EQ(test::takeResponse(rest, {}).status(), 404);
  EXPECT_EQ(test::takeResponse(rest, {true, false}).status(), 404);
  EXPECT_EQ(test::takeResponse(rest, {}).status(), 202);
  EXPECT_EQ(rest, "");
}

TEST_F(AdminServerTest, KeepsPipelinedRequestsWaitingBehindAnAnswerThatIsNotThere) {
  subject.defers = true;
  Client client = connect();
  client.peer->send(requestText("GET /upstreams") + requestText("GET /healthz"));
  turn();
  EXPECT_EQ(client.peer->received(), "");
  subject.answerDeferred();
  turn();
  const std::vector<RawMessage> replies = allReplies(client.peer->received());
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(replies[0].value("content-type"), "application/json");
  EXPECT_EQ(replies[1].body, "ok\n");
}

TEST_F(AdminServerTest, ReadsRequestsByteByByte) {
  Client client = connect();
  client.wire->sent().setFragment(1);
  client.peer->send(
      "POST /log-level?level=debug HTTP/1.1\r\nhost: [::1]\r\n"
      "content-length: 3\r\n\r\nabc");
  turn();
  EXPECT_EQ(onlyReply(client.peer->received()).status(), 200);
  EXPECT_EQ(subject.level, log::Level::kDebug);
}

TEST_F(AdminServerTest, RefusesMalformedRequests) {
  EXPECT_EQ(onlyReply(exchange("GET /a b HTTP/1.1\r\nhost: a\r\n\r\n")).status(), 400);
  EXPECT_EQ(onlyReply(exchange("GET / HTTP/1.1\r\n\r\n")).status(), 400);
  EXPECT_EQ(onlyReply(exchange("GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n")).status(), 400);
  EXPECT_EQ(ask("POST /drain", "content-length: 1\r\ntransfer-encoding: chunked\r\n").status(),
            400);
  EXPECT_EQ(subject.drains, 0);
}

TEST_F(AdminServerTest, ClosesAfterAMalformedRequest) {
  Client client = connect();
  client.peer->send("GET /healthz HTTP/1.1\r\nbad header\r\n\r\n" + requestText("POST /drain"));
  turn();
  EXPECT_EQ(allReplies(client.peer->received()).size(), 1U);
  EXPECT_TRUE(client.peer->ended());
  EXPECT_EQ(subject.drains, 0);
}

TEST_F(AdminServerTest, RefusesHeadsThatAreTooLong) {
  const std::string field = "x: " + std::string(40'000, 'y') + "\r\n";
  EXPECT_EQ(ask("GET /healthz", field).status(), 431);
}

TEST_F(AdminServerTest, TakesABodyOfModestLength) {
  const std::string body(65'536, 'x');
  const std::string head = requestText("POST /drain", "content-length: 65536\r\n");
  EXPECT_EQ(onlyReply(exchange(head + body)).status(), 202);
}

TEST_F(AdminServerTest, RefusesABodyThatIsTooLong) {
  Client client = connect();
  client.peer->send(requestText("POST /drain", "content-length: 65537\r\n"));
  turn();
  EXPECT_EQ(onlyReply(client.peer->received()).status(), 413);
  EXPECT_TRUE(client.peer->ended());
  EXPECT_EQ(subject.drains, 0);
}

TEST_F(AdminServerTest, RefusesABodyThatTurnsOutTooLong) {
  Client client = connect();
  client.peer->send(requestText("POST /drain", "transfer-encoding: chunked\r\n"));
  const std::string chunk = "8000\r\n" + std::string(0x8000, 'x') + "\r\n";
  client.peer->send(chunk + chunk + chunk + "0\r\n\r\n");
  turn();
  EXPECT_EQ(onlyReply(client.peer->received()).status(), 413);
  EXPECT_EQ(subject.drains, 0);
}

TEST_F(AdminServerTest, TellsAClientThatWaitsToSendItsBody) {
  Client client = connect();
  client.peer->send(requestText("POST /drain", "content-length: 2\r\nexpect: 100-continue\r\n"));
  turn();
  EXPECT_EQ(client.peer->takeReceived(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.peer->send("{}");
  turn();
  EXPECT_EQ(onlyReply(client.peer->received()).status(), 202);
}

TEST_F(AdminServerTest, AnswersAnUpgradeWithThePage) {
  const RawMessage reply = ask("GET /healthz", "connection: upgrade\r\nupgrade: websocket\r\n");
  EXPECT_EQ(reply.status(), 200);
}

TEST_F(AdminServerTest, SendsALargePageWhole) {
  subject.metrics = largePage();
  EXPECT_EQ(ask("GET /metrics").body, subject.metrics);
}

TEST_F(AdminServerTest, KeepsLittleForASlowReaderOfALargePage) {
  subject.metrics = largePage();
  test::MemoryStream::Pair pair = test::MemoryStream::makePair(loop);
  test::MemoryStream& serving = *pair.first;
  server.serve(std::move(pair.first));
  test::StreamPeer client(std::move(pair.second), false);
  client.send(requestText("GET /metrics"));
  turn();
  std::size_t most = serving.queued();
  EXPECT_GT(most, 0U);
  serving.sent().setFragment(16'384);
  client.script = [&](test::StreamPeer&) { most = std::max(most, serving.queued()); };
  client.stream().setReading(true);
  turn();
  EXPECT_EQ(onlyReply(client.received()).body, subject.metrics);
  EXPECT_LE(most, net::Stream::kHighWater);
  EXPECT_EQ(subject.scrapes, 1);
}

TEST_F(AdminServerTest, KeepsLittleForAClientThatAsksAndReadsNothing) {
  test::MemoryStream::Pair pair = test::MemoryStream::makePair(loop);
  test::MemoryStream& serving = *pair.first;
  server.serve(std::move(pair.first));
  test::StreamPeer client(std::move(pair.second), false);
  std::string requests;
  for (int i = 0; i < 2'000; ++i) requests += requestText("GET /healthz");
  client.send(requests);
  turn();
  EXPECT_LE(serving.queued(), net::Stream::kHighWater);
  client.stream().setReading(true);
  turn();
  EXPECT_EQ(allReplies(client.received()).size(), 2'000U);
}

TEST_F(AdminServerTest, GivesUpAClientThatTakesNothing) {
  subject.metrics = largePage();
  Client client = connect(false);
  client.peer->send(requestText("GET /metrics"));
  turn();
  loop.advance(59s);
  EXPECT_EQ(server.connections(), 1U);
  loop.advance(2s);
  loop.advance(3s);
  EXPECT_EQ(server.connections(), 0U);
}

TEST_F(AdminServerTest, SurvivesAClientThatLeavesInTheMidstOfAPage) {
  subject.metrics = largePage();
  Client client = connect();
  client.wire->received().resetAfter(100'000);
  client.peer->send(requestText("GET /metrics"));
  turn();
  EXPECT_TRUE(client.peer->broken());
  EXPECT_EQ(server.connections(), 0U);
}

TEST_F(AdminServerTest, DropsTheAnswerOfAClientThatLeft) {
  subject.defers = true;
  Client client = connect();
  client.peer->send(requestText("POST /reload"));
  turn();
  client.peer->close();
  turn();
  EXPECT_EQ(server.connections(), 0U);
  subject.answerDeferred();
  EXPECT_EQ(subject.reloads, 1);
}

TEST_F(AdminServerTest, SaysWhenThereIsNoAnswer) {
  subject.defers = true;
  Client client = connect();
  client.peer->send(requestText("GET /listeners"));
  turn();
  loop.advance(29s);
  EXPECT_EQ(client.peer->received(), "");
  loop.advance(2s);
  EXPECT_EQ(onlyReply(client.peer->takeReceived()).status(), 504);
  subject.answerDeferred();
  turn();
  EXPECT_EQ(client.peer->received(), "");
}

TEST_F(AdminServerTest, GivesAHeadSoMuchTimeAndNoMore) {
  Client client = connect();
  client.peer->send("GET /healthz");
  turn();
  loop.advance(9s);
  client.peer->send(" HTTP/1.1\r\n");
  turn();
  EXPECT_EQ(client.peer->received(), "");
  loop.advance(1100ms);
  EXPECT_EQ(onlyReply(client.peer->received()).status(), 408);
  EXPECT_TRUE(client.peer->ended());
}

TEST_F(AdminServerTest, GivesABodySoMuchTimeAndNoMore) {
  Client client = connect();
  client.peer->send(requestText("POST /drain", "content-length: 3\r\n") + "ab");
  turn();
  loop.advance(11s);
  EXPECT_EQ(onlyReply(client.peer->received()).status(), 408);
  EXPECT_TRUE(client.peer->ended());
  EXPECT_EQ(subject.drains, 0);
}

TEST_F(AdminServerTest, ClosesAConnectionThatAsksNothing) {
  Client client = connect();
  loop.advance(11s);
  EXPECT_EQ(client.peer->history(), "end");
  EXPECT_EQ(server.connections(), 0U);
}

TEST_F(AdminServerTest, ClosesAConnectionThatIsIdle) {
  Client client = connect();
  client.peer->send(requestText("GET /healthz"));
  turn();
  loop.advance(59s);
  EXPECT_EQ(server.connections(), 1U);
  loop.advance(2s);
  EXPECT_TRUE(client.peer->ended());
  EXPECT_EQ(server.connections(), 0U);
}

TEST_F(AdminServerTest, ClosesTheLongestIdleConnectionForANewOne) {
  configure({.max_connections = 2});
  Client first = connect();
  loop.advance(1s);
  Client second = connect();
  first.peer->send(requestText("GET /healthz"));
  loop.advance(1s);
  Client third = connect();
  turn();
  EXPECT_FALSE(first.peer->ended());
  EXPECT_TRUE(second.peer->ended());
  third.peer->send(requestText("GET /readyz"));
  turn();
  EXPECT_EQ(onlyReply(third.peer->received()).status(), 200);
  EXPECT_EQ(server.connections(), 2U);
}

TEST_F(AdminServerTest, RefusesConnectionsWhenAllAreBusy) {
  configure({.max_connections = 1});
  subject.defers = true;
  Client busy = connect();
  busy.peer->send(requestText("GET /upstreams"));
  turn();
  Client refused = connect();
  turn();
  const RawMessage reply = onlyReply(refused.peer->received());
  EXPECT_EQ(reply.status(), 503);
  EXPECT_EQ(reply.body, "{\"status\":503,\"detail\":\"too many admin connections\"}");
  EXPECT_TRUE(refused.peer->ended());
  subject.answerDeferred();
  turn();
  EXPECT_EQ(onlyReply(busy.peer->received()).status(), 200);
}

TEST_F(AdminServerTest, RefusesFurtherPagesWhileTooMuchIsUnsent) {
  subject.metrics = std::string(40'000'000, 'x');
  std::vector<Client> slow;
  for (int i = 0; i < 2; ++i) {
    slow.push_back(connect(false));
    slow.back().peer->send(requestText("GET /metrics"));
    turn();
  }
  EXPECT_EQ(ask("GET /metrics").status(), 503);
  EXPECT_EQ(subject.scrapes, 2);
  slow.clear();
  turn();
  EXPECT_EQ(ask("GET /healthz").status(), 200);
}

TEST_F(AdminServerTest, EndsWithRequestsInHand) {
  subject.defers = true;
  Client client = connect();
  {
    AdminServer brief(loop, subject);
    test::MemoryStream::Pair pair = test::MemoryStream::makePair(loop);
    brief.serve(std::move(pair.first));
    client.peer = std::make_unique<test::StreamPeer>(std::move(pair.second));
    client.peer->send(requestText("GET /upstreams"));
    turn();
  }
  turn();
  EXPECT_EQ(client.peer->received(), "");
  EXPECT_TRUE(client.peer->ended());
}

// Over real sockets of this machine, in one loop.
class AdminSocketTest : public ::testing::Test {
 protected:
  Settings onFreePort() {
    Settings settings;
    settings.address = config::Address{"127.0.0.1", 0, {}};
    return settings;
  }
  std::unique_ptr<test::StreamPeer> connect(bool reading) {
    auto stream = net::TcpStream::connect(loop, *server.address());
    EXPECT_TRUE(stream.ok());
    return std::make_unique<test::StreamPeer>(std::move(stream.value()), reading);
  }
  // What the server sends until it closes.
  std::string receiveAll(test::StreamPeer& client) {
    for (int turns = 0; turns < 1'000'000 && !client.ended() && !client.broken(); ++turns) {
      loop.runOnce();
    }
    return client.received();
  }
  std::string ask(std::string_view request) {
    const auto client = connect(true);
    client->send(request);
    return receiveAll(*client);
  }

  event::Loop loop;
  FakeSubject subject;
  AdminServer server{loop, subject};
};

constexpr std::string_view kAskAndClose =
    "GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

TEST_F(AdminSocketTest, ListensOnAFreePort) {
  EXPECT_EQ(server.address(), nullptr);
  ASSERT_TRUE(server.configure(onFreePort()).ok());
  ASSERT_NE(server.address(), nullptr);
  EXPECT_NE(server.address()->port(), 0);
  const std::string received = ask(kAskAndClose);
  EXPECT_EQ(received.substr(0, 15), "HTTP/1.1 200 OK");
  EXPECT_TRUE(received.ends_with("weir_up 1\n"));
}

TEST_F(AdminSocketTest, SendsALargePageThroughTheKernel) {
  subject.metrics = largePage();
  ASSERT_TRUE(server.configure(onFreePort()).ok());
  const std::string received = ask(kAskAndClose);
  EXPECT_TRUE(received.ends_with(subject.metrics));
}

TEST_F(AdminSocketTest, SendsALargePageToASlowReaderThroughTheKernel) {
  subject.metrics = largePage() + largePage();
  ASSERT_TRUE(server.configure(onFreePort()).ok());
  const auto client = connect(false);
  client->send(kAskAndClose);
  for (int turns = 0; turns < 1'000 && subject.scrapes == 0; ++turns) loop.runOnce();
  for (int turns = 0; turns < 100; ++turns) loop.runOnce();
  client->stream().setReading(true);
  EXPECT_TRUE(receiveAll(*client).ends_with(subject.metrics));
  EXPECT_EQ(subject.scrapes, 1);
}

TEST_F(AdminSocketTest, StaysWhereItIsWhenAReloadDoesNotMoveIt) {
  ASSERT_TRUE(server.configure(onFreePort()).ok());
  const net::Address before = *server.address();
  ASSERT_TRUE(server.configure(onFreePort()).ok());
  EXPECT_EQ(*server.address(), before);
}

TEST_F(AdminSocketTest, StopsListeningWhenTurnedOff) {
  ASSERT_TRUE(server.configure(onFreePort()).ok());
  Settings off;
  off.address = std::nullopt;
  ASSERT_TRUE(server.configure(off).ok());
  EXPECT_EQ(server.address(), nullptr);
}

TEST_F(AdminSocketTest, DoesNotShareItsAddress) {
  ASSERT_TRUE(server.configure(onFreePort()).ok());
  Settings same;
  same.address = config::Address{"127.0.0.1", server.address()->port(), {}};
  AdminServer other(loop, subject);
  EXPECT_FALSE(other.configure(same).ok());
  EXPECT_EQ(other.address(), nullptr);
}

TEST_F(AdminSocketTest, KeepsItsAddressWhenTheNewOneIsTaken) {
  ASSERT_TRUE(server.configure(onFreePort()).ok());
  AdminServer other(loop, subject);
  ASSERT_TRUE(other.configure(onFreePort()).ok());
  const net::Address before = *other.address();
  Settings taken;
  taken.address = config::Address{"127.0.0.1", server.address()->port(), {}};
  EXPECT_FALSE(other.configure(taken).ok());
  EXPECT_EQ(*other.address(), before);
}

}  // namespace
}  // namespace weir::admin
