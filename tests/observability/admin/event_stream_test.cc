#include "observability/admin/event_stream.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/observability/admin/fixture.h"

namespace weir::admin {
namespace {

using std::chrono_literals::operator""s;

constexpr std::string_view kEvents = "accept: text/event-stream\r\n";

class AdminEventStream : public AdminTest {
 protected:
  // One upstream of this name, with as many endpoints.
  void showUpstream(const std::string& name, std::size_t endpoints = 0) {
    UpstreamState state{.name = name};
    for (std::size_t i = 0; i < endpoints; ++i) {
      state.endpoints.push_back({.address = "192.0.2.1:" + std::to_string(i + 1)});
    }
    subject_.upstream_states = {{state}};
  }
  Client follow(bool reading = true) {
    Client client = connect(reading);
    client.peer->send(requestText("GET /upstreams", kEvents));
    turn();
    return client;
  }
  static std::size_t eventsIn(std::string_view received) {
    std::size_t events = 0;
    for (std::size_t at = 0; (at = received.find("data: {\n", at)) != std::string_view::npos;
         ++at) {
      ++events;
    }
    return events;
  }
  static bool names(std::string_view received, std::string_view upstream) {
    return received.find("\"name\": \"" + std::string(upstream) + "\"") != std::string_view::npos;
  }
};

TEST_F(AdminEventStream, BeginsWithTheStateAndKeepsTheReplyOpen) {
  showUpstream("first");
  const Client client = follow();
  EXPECT_NE(client.peer->received().find("content-type: text/event-stream\r\n"), std::string::npos);
  EXPECT_EQ(client.peer->received().find("content-length"), std::string::npos);
  EXPECT_EQ(eventsIn(client.peer->received()), 1U);
  EXPECT_TRUE(names(client.peer->received(), "first"));
  EXPECT_FALSE(client.peer->ended());
}

TEST_F(AdminEventStream, PutsEachLineIntoAFieldOfItsOwn) {
  const Client client = follow();
  EXPECT_NE(client.peer->received().find("data: {\ndata:   \"upstreams\": []\ndata: }\n\n"),
            std::string::npos);
}

TEST_F(AdminEventStream, ShowsTheClientThatTheServerIsThere) {
  const Client client = follow();
  client.peer->takeReceived();
  loop_.advance(14s);
  EXPECT_EQ(client.peer->received(), "");
  loop_.advance(2s);
  EXPECT_EQ(client.peer->received(), "3\r\n:\n\n\r\n");
}

TEST_F(AdminEventStream, KeepsLittleForASlowReaderWhoGetsTheLatestState) {
  test::MemoryStream::Pair pair = test::MemoryStream::makePair(loop_);
  test::MemoryStream& serving = *pair.first;
  server_.serve(std::move(pair.first), caller_);
  test::StreamPeer client(std::move(pair.second), false);
  showUpstream("first", 500);
  client.send(requestText("GET /upstreams", kEvents));
  turn();
  const std::size_t one = serving.queued();
  ASSERT_GT(one, 10'000U);
  for (int i = 0; i < 40; ++i) {
    showUpstream("state-" + std::to_string(i), 500);
    loop_.advance(1s);
  }
  EXPECT_LE(serving.queued(), EventStream::kMaxQueued + one);
  client.stream().setReading(true);
  turn();
  turn();
  EXPECT_TRUE(names(client.received(), "first"));
  EXPECT_TRUE(names(client.received(), "state-39"));
  EXPECT_LT(eventsIn(client.received()), 20U);
}

TEST_F(AdminEventStream, GivesUpAReaderWhoReadsNothing) {
  showUpstream("first", 500);
  const Client client = follow(false);
  loop_.advance(45s);
  EXPECT_EQ(server_.connections(), 1U);
  for (int i = 0; i < 6; ++i) loop_.advance(10s);
  EXPECT_EQ(server_.connections(), 0U);
}

TEST_F(AdminEventStream, KeepsASilentReaderForever) {
  const Client client = follow();
  for (int i = 0; i < 100; ++i) loop_.advance(10s);
  EXPECT_EQ(server_.connections(), 1U);
  EXPECT_FALSE(client.peer->ended());
}

TEST_F(AdminEventStream, EndsWithItsClient) {
  subject_.defers = true;
  const Client client = follow();
  ASSERT_EQ(subject_.deferred.size(), 1U);
  client.peer->close();
  turn();
  EXPECT_EQ(server_.connections(), 0U);
  subject_.answerDeferred();
  loop_.advance(10s);
  EXPECT_TRUE(subject_.deferred.empty());
}

TEST_F(AdminEventStream, EndsWithTheServer) {
  subject_.defers = true;
  Client client = connect();
  {
    AdminServer brief(loop_, subject_);
    test::MemoryStream::Pair pair = test::MemoryStream::makePair(loop_);
    brief.serve(std::move(pair.first), caller_);
    client.peer = std::make_unique<test::StreamPeer>(std::move(pair.second));
    client.peer->send(requestText("GET /upstreams", kEvents));
    turn();
  }
  turn();
  EXPECT_TRUE(client.peer->ended() || client.peer->broken());
  subject_.answerDeferred();
  loop_.advance(10s);
  EXPECT_TRUE(subject_.deferred.empty());
}

TEST_F(AdminEventStream, LeavesRoomForOtherRequests) {
  configure({.max_connections = 3});
  const Client one = follow();
  Client two = follow();
  EXPECT_EQ(eventsIn(two.peer->received()), 1U);
  EXPECT_EQ(ask("GET /listeners", kEvents).status(), 503);
  EXPECT_EQ(ask("GET /healthz").status(), 200);
  two.peer->close();
  turn();
  EXPECT_EQ(eventsIn(follow().peer->received()), 1U);
}

TEST_F(AdminEventStream, HasNoBodyForHead) {
  EXPECT_EQ(ask("HEAD /upstreams", kEvents).value("content-type"), "text/event-stream");
}

// Memory for pages that clients do not read is limited for all of them together.
TEST_F(AdminEventStream, SendsNothingWhileTooMuchIsUnsent) {
  subject_.metrics = std::string(70'000'000, 'x');
  const Client follower = follow();
  Client slow = connect(false);
  slow.peer->send(requestText("GET /metrics"));
  turn();
  showUpstream("later");
  loop_.advance(2s);
  EXPECT_FALSE(names(follower.peer->received(), "later"));
  slow.peer->close();
  turn();
  loop_.advance(16s);
  EXPECT_TRUE(names(follower.peer->received(), "later"));
}

// A feed that the test drives.
class DrivenFeed final : public PageFeed {
 public:
  explicit DrivenFeed(PageStream*& stream) : stream_(stream) {}
  ~DrivenFeed() override { stream_ = nullptr; }
  void start(PageStream& stream) override { stream_ = &stream; }

 private:
  PageStream*& stream_;
};

TEST_F(AdminEventStream, LinesOfJsonEndWhenTheFeedEndsThem) {
  subject_.feed = std::make_unique<DrivenFeed>(driven_);
  const Client client = connect();
  client.peer->send(requestText("POST /tap"));
  turn();
  ASSERT_NE(driven_, nullptr);
  EXPECT_TRUE(driven_->send("request", R"({"a":1})"));
  EXPECT_TRUE(driven_->send("end", R"({"b":2})"));
  turn();
  const std::string received(client.peer->received());
  EXPECT_NE(received.find("content-type: application/jsonl\r\n"), std::string::npos);
  EXPECT_NE(received.find("{\"a\":1}\n"), std::string::npos);
  EXPECT_EQ(received.find("event:"), std::string::npos);
  EXPECT_EQ(received.find("0\r\n\r\n"), std::string::npos);
  driven_->finish();
  EXPECT_EQ(driven_, nullptr);  // the feed is destroyed
  turn();
  EXPECT_TRUE(client.peer->received().ends_with("0\r\n\r\n"));
  EXPECT_FALSE(client.peer->ended());
  client.peer->send(requestText("GET /healthz"));
  turn();
  EXPECT_NE(client.peer->received().find("ok\n"), std::string::npos);
}

TEST_F(AdminEventStream, AnEmptyLineShowsThatTheServerIsAlive) {
  subject_.feed = std::make_unique<DrivenFeed>(driven_);
  const Client client = connect();
  client.peer->send(requestText("POST /tap"));
  turn();
  client.peer->takeReceived();
  loop_.advance(EventStream::kHeartbeat);
  EXPECT_EQ(client.peer->takeReceived(), "1\r\n\n\r\n");
}

}  // namespace
}  // namespace weir::admin
