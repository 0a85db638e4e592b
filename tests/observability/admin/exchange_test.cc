#include "observability/admin/exchange.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/observability/admin/fixture.h"

namespace weir::admin {
namespace {

using std::chrono_literals::operator""s;
using test::RawMessage;

class AdminExchange : public AdminTest {};

TEST_F(AdminExchange, KeepsTheConnection) {
  Client client = connect();
  client.peer->send(requestText("GET /healthz"));
  turn();
  EXPECT_EQ(onlyReply(client.peer->takeReceived()).body, "ok\n");
  client.peer->send(requestText("GET /readyz"));
  turn();
  EXPECT_EQ(onlyReply(client.peer->takeReceived()).body, "ok\n");
  EXPECT_EQ(server_.connections(), 1U);
}

TEST_F(AdminExchange, ClosesWhenTheClientSaysSo) {
  Client client = connect();
  client.peer->send(requestText("GET /healthz", "connection: close\r\n"));
  turn();
  EXPECT_EQ(client.peer->history(), "data end");
  EXPECT_EQ(onlyReply(client.peer->received()).value("connection"), "close");
  EXPECT_EQ(server_.connections(), 0U);
}

TEST_F(AdminExchange, AnswersHttp10) {
  Client client = connect();
  client.peer->send("GET /healthz HTTP/1.0\r\n\r\n");
  turn();
  EXPECT_EQ(onlyReply(client.peer->received()).body, "ok\n");
  EXPECT_TRUE(client.peer->ended());
}

TEST_F(AdminExchange, AnswersPipelinedRequestsInOrder) {
  const std::string received = exchange(requestText("GET /metrics") + requestText("GET /nothing") +
                                        requestText("HEAD /x") + requestText("POST /drain"));
  std::string_view rest = received;
  EXPECT_EQ(test::takeResponse(rest, {}).body, "weir_up 1\n");
  EXPECT_EQ(test::takeResponse(rest, {}).status(), 404);
  EXPECT_EQ(test::takeResponse(rest, {true, false}).status(), 404);
  EXPECT_EQ(test::takeResponse(rest, {}).status(), 202);
  EXPECT_EQ(rest, "");
}

TEST_F(AdminExchange, KeepsPipelinedRequestsWaitingBehindAnAnswerThatIsNotThere) {
  subject_.defers = true;
  Client client = connect();
  client.peer->send(requestText("GET /upstreams") + requestText("GET /healthz"));
  turn();
  EXPECT_EQ(client.peer->received(), "");
  subject_.answerDeferred();
  turn();
  const std::vector<RawMessage> replies = allReplies(client.peer->received());
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(replies[0].value("content-type"), "application/json");
  EXPECT_EQ(replies[1].body, "ok\n");
}

TEST_F(AdminExchange, ReadsRequestsByteByByte) {
  Client client = connect();
  client.wire->sent().setFragment(1);
  client.peer->send(
      "POST /log-level?level=debug HTTP/1.1\r\nhost: [::1]\r\n"
      "content-length: 3\r\n\r\nabc");
  turn();
  EXPECT_EQ(onlyReply(client.peer->received()).status(), 200);
  EXPECT_EQ(subject_.level, log::Level::kDebug);
}

TEST_F(AdminExchange, RefusesMalformedRequests) {
  EXPECT_EQ(onlyReply(exchange("GET /a b HTTP/1.1\r\nhost: a\r\n\r\n")).status(), 400);
  EXPECT_EQ(onlyReply(exchange("GET / HTTP/1.1\r\n\r\n")).status(), 400);
  EXPECT_EQ(onlyReply(exchange("GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n")).status(), 400);
  EXPECT_EQ(ask("POST /drain", "content-length: 1\r\ntransfer-encoding: chunked\r\n").status(),
            400);
  EXPECT_EQ(subject_.drains, 0);
}

TEST_F(AdminExchange, ClosesAfterAMalformedRequest) {
  Client client = connect();
  client.peer->send("GET /healthz HTTP/1.1\r\nbad header\r\n\r\n" + requestText("POST /drain"));
  turn();
  EXPECT_EQ(allReplies(client.peer->received()).size(), 1U);
  EXPECT_TRUE(client.peer->ended());
  EXPECT_EQ(subject_.drains, 0);
}

TEST_F(AdminExchange, RefusesHeadsThatAreTooLong) {
  const std::string field = "x: " + std::string(40'000, 'y') + "\r\n";
  EXPECT_EQ(ask("GET /healthz", field).status(), 431);
}

TEST_F(AdminExchange, TakesABodyOfModestLength) {
  const std::string body(65'536, 'x');
  const std::string head = requestText("POST /drain", "content-length: 65536\r\n");
  EXPECT_EQ(onlyReply(exchange(head + body)).status(), 202);
}

TEST_F(AdminExchange, RefusesABodyThatIsTooLong) {
  Client client = connect();
  client.peer->send(requestText("POST /drain", "content-length: 65537\r\n"));
  turn();
  EXPECT_EQ(onlyReply(client.peer->received()).status(), 413);
  EXPECT_TRUE(client.peer->ended());
  EXPECT_EQ(subject_.drains, 0);
}

TEST_F(AdminExchange, RefusesABodyThatTurnsOutTooLong) {
  Client client = connect();
  client.peer->send(requestText("POST /drain", "transfer-encoding: chunked\r\n"));
  const std::string chunk = "8000\r\n" + std::string(0x8000, 'x') + "\r\n";
  client.peer->send(chunk + chunk + chunk + "0\r\n\r\n");
  turn();
  EXPECT_EQ(onlyReply(client.peer->received()).status(), 413);
  EXPECT_EQ(subject_.drains, 0);
}

TEST_F(AdminExchange, TellsAClientThatWaitsToSendItsBody) {
  Client client = connect();
  client.peer->send(requestText("POST /drain", "content-length: 2\r\nexpect: 100-continue\r\n"));
  turn();
  EXPECT_EQ(client.peer->takeReceived(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.peer->send("{}");
  turn();
  EXPECT_EQ(onlyReply(client.peer->received()).status(), 202);
}

TEST_F(AdminExchange, AnswersAnUpgradeWithThePage) {
  const RawMessage reply = ask("GET /healthz", "connection: upgrade\r\nupgrade: websocket\r\n");
  EXPECT_EQ(reply.status(), 200);
}

TEST_F(AdminExchange, SendsALargePageWhole) {
  subject_.metrics = largePage();
  EXPECT_EQ(ask("GET /metrics").body, subject_.metrics);
}

TEST_F(AdminExchange, KeepsLittleForASlowReaderOfALargePage) {
  subject_.metrics = largePage();
  test::MemoryStream::Pair pair = test::MemoryStream::makePair(loop_);
  test::MemoryStream& serving = *pair.first;
  server_.serve(std::move(pair.first), caller_);
  test::StreamPeer client(std::move(pair.second), false);
  client.send(requestText("GET /metrics"));
  turn();
  std::size_t most = serving.queued();
  EXPECT_GT(most, 0U);
  serving.sent().setFragment(16'384);
  client.script = [&](test::StreamPeer&) { most = std::max(most, serving.queued()); };
  client.stream().setReading(true);
  turn();
  EXPECT_EQ(onlyReply(client.received()).body, subject_.metrics);
  EXPECT_LE(most, std::size_t{128} * 1024);
  EXPECT_EQ(subject_.scrapes, 1);
}

TEST_F(AdminExchange, KeepsLittleForAClientThatAsksAndReadsNothing) {
  test::MemoryStream::Pair pair = test::MemoryStream::makePair(loop_);
  test::MemoryStream& serving = *pair.first;
  server_.serve(std::move(pair.first), caller_);
  test::StreamPeer client(std::move(pair.second), false);
  std::string requests;
  for (int i = 0; i < 2'000; ++i) requests += requestText("GET /healthz");
  client.send(requests);
  turn();
  EXPECT_LE(serving.queued(), std::size_t{128} * 1024);
  client.stream().setReading(true);
  turn();
  EXPECT_EQ(allReplies(client.received()).size(), 2'000U);
}

TEST_F(AdminExchange, GivesUpAClientThatTakesNothing) {
  subject_.metrics = largePage();
  Client client = connect(false);
  client.peer->send(requestText("GET /metrics"));
  turn();
  loop_.advance(59s);
  EXPECT_EQ(server_.connections(), 1U);
  loop_.advance(2s);
  loop_.advance(3s);
  EXPECT_EQ(server_.connections(), 0U);
}

TEST_F(AdminExchange, SurvivesAClientThatLeavesInTheMidstOfAPage) {
  subject_.metrics = largePage();
  Client client = connect();
  client.wire->received().resetAfter(100'000);
  client.peer->send(requestText("GET /metrics"));
  turn();
  EXPECT_TRUE(client.peer->broken());
  EXPECT_EQ(server_.connections(), 0U);
}

TEST_F(AdminExchange, DropsTheAnswerOfAClientThatLeft) {
  subject_.defers = true;
  Client client = connect();
  client.peer->send(requestText("POST /reload"));
  turn();
  client.peer->close();
  turn();
  EXPECT_EQ(server_.connections(), 0U);
  subject_.answerDeferred();
  EXPECT_EQ(subject_.reloads, 1);
}

TEST_F(AdminExchange, SaysWhenThereIsNoAnswer) {
  subject_.defers = true;
  Client client = connect();
  client.peer->send(requestText("GET /listeners"));
  turn();
  loop_.advance(29s);
  EXPECT_EQ(client.peer->received(), "");
  loop_.advance(2s);
  EXPECT_EQ(onlyReply(client.peer->takeReceived()).status(), 504);
  subject_.answerDeferred();
  turn();
  EXPECT_EQ(client.peer->received(), "");
}

TEST_F(AdminExchange, RefusesFurtherPagesWhileTooMuchIsUnsent) {
  subject_.metrics = std::string(40'000'000, 'x');
  std::vector<Client> slow;
  for (int i = 0; i < 2; ++i) {
    slow.push_back(connect(false));
    slow.back().peer->send(requestText("GET /metrics"));
    turn();
  }
  EXPECT_EQ(ask("GET /metrics").status(), 503);
  EXPECT_EQ(subject_.scrapes, 2);
  slow.clear();
  turn();
  EXPECT_EQ(ask("GET /healthz").status(), 200);
}

}  // namespace
}  // namespace weir::admin
