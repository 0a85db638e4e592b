#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/event/loop.h"
#include "observability/admin/admin_backend.h"
#include "observability/admin/admin_server.h"
#include "tests/support/memory_stream.h"
#include "tests/support/raw_message.h"
#include "tests/support/stream_peer.h"

namespace weir::admin {

// A simulated process. Answers of the workers are held back while `defers` is set.
class FakeSubject final : public AdminBackend {
 public:
  PageReply metricsPage(const PageRequest& request) override {
    ++scrapes;
    accepted = request.accept + "|" + request.accept_encoding;
    return {.content_type = "text/plain; version=0.0.4; charset=utf-8",
            .body = metrics,
            .content_encoding = metrics_encoding};
  }
  Health health() override { return health_now; }
  std::string configText() override { return config; }
  void upstreams(Answer<UpstreamStates> answer) override {
    if (!defers) return answer(upstream_states);
    deferred.push_back([this, answer] { answer(upstream_states); });
  }
  void upstream(std::string_view name, Answer<UpstreamStates> answer) override {
    UpstreamStates states;
    for (const UpstreamState& each : upstream_states.upstreams) {
      if (each.name == name) states.upstreams.push_back(each);
    }
    answer(std::move(states));
  }
  PageReply dashboard(const PageRequest& request) override { return {.body = request.path}; }
  void listeners(Answer<std::vector<ListenerState>> answer) override {
    if (!defers) return answer(listener_states);
    deferred.push_back([this, answer] { answer(listener_states); });
  }
  void explain(const ExplainQuery& query, Answer<Explanation> answer) override {
    asked = query;
    answer(explanation);
  }
  void errorsPage(const PageRequest& request, Answer<PageReply> answer) override {
    answer({.body = "errors of " + request.path});
  }
  void tapPage(const PageRequest&, Answer<PageReply> answer) override {
    answer({.content_type = kJsonLines, .body = {}, .feed = std::move(feed)});
  }
  log::Level logLevel() override { return level; }
  void reload(Answer<ReloadOutcome> answer) override {
    ++reloads;
    if (!defers) return answer(outcome);
    deferred.push_back([this, answer] { answer(outcome); });
  }
  void drain() override { ++drains; }
  void setLogLevel(log::Level wanted) override { level = wanted; }

  void answerDeferred() {
    for (const auto& answer : std::exchange(deferred, {})) answer();
  }

  std::string metrics = "weir_up 1\n";
  std::string_view metrics_encoding;
  std::string accepted;  // by the latest client of the metrics
  Health health_now;
  std::string config = "role = \"gateway\"\n";
  UpstreamStates upstream_states;
  std::vector<ListenerState> listener_states;
  Explanation explanation;
  ExplainQuery asked;
  std::unique_ptr<PageFeed> feed;  // of the next tap
  ReloadOutcome outcome;
  log::Level level = log::Level::kInfo;
  int scrapes = 0;
  int reloads = 0;
  int drains = 0;
  bool defers = false;
  std::vector<std::function<void()>> deferred;
};

// A metrics page of about 5 MB.
inline std::string largePage() {
  std::string page;
  while (page.size() < 5'000'000) page += "weir_sample " + std::to_string(page.size()) + "\n";
  return page;
}

// The server with clients in memory; only the test moves the time.
class AdminTest : public ::testing::Test {
 protected:
  AdminTest() { configure({}); }

  void configure(Settings settings) {
    settings.address = std::nullopt;
    EXPECT_TRUE(server_.configure(settings).ok());
  }
  void turn() { loop_.advance(Milliseconds(0)); }

  // A client; its side of the stream stays accessible for network effects.
  struct Client {
    test::MemoryStream* wire;
    std::unique_ptr<test::StreamPeer> peer;
  };
  Client connect(bool reading = true) {
    test::MemoryStream::Pair pair = test::MemoryStream::makePair(loop_);
    server_.serve(std::move(pair.first), caller_);
    test::MemoryStream* wire = pair.second.get();
    return {wire, std::make_unique<test::StreamPeer>(std::move(pair.second), reading)};
  }
  // The response to these bytes on a new connection.
  std::string exchange(std::string_view bytes) {
    Client client = connect();
    client.peer->send(bytes);
    turn();
    return client.peer->takeReceived();
  }

  static std::string requestText(std::string_view line, std::string_view fields = {}) {
    std::string text(line);
    return text.append(" HTTP/1.1\r\nhost: localhost\r\n").append(fields).append("\r\n");
  }
  test::RawMessage ask(std::string_view line, std::string_view fields = {}) {
    const std::string received = exchange(requestText(line, fields));
    return onlyReply(received, line.starts_with("HEAD "));
  }
  static test::RawMessage onlyReply(std::string_view received, bool to_head = false) {
    test::RawMessage reply = test::takeResponse(received, {to_head, false});
    EXPECT_EQ(reply.fault, "");
    EXPECT_TRUE(reply.whole);
    EXPECT_EQ(received, "");
    return reply;
  }
  static std::vector<test::RawMessage> allReplies(std::string_view received) {
    std::vector<test::RawMessage> replies;
    while (!received.empty()) {
      replies.push_back(test::takeResponse(received, {}));
      EXPECT_EQ(replies.back().fault, "");
      if (!replies.back().whole) break;
    }
    return replies;
  }

  PageStream* driven_ = nullptr;  // of a feed that the test drives; such feeds end with the loop
  Caller caller_{.unix_user = ::geteuid()};  // operates
  event::Loop loop_{event::Loop::Time::kManual};
  FakeSubject subject_;
  AdminServer server_{loop_, subject_};
};

}  // namespace weir::admin
