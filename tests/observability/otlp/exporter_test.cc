#include "observability/otlp/exporter.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "observability/otlp/record_queue.h"
#include "observability/otlp/record_writer.h"
#include "tests/observability/otlp/decoded.h"
#include "tests/support/fake_client.h"
#include "tests/support/opened.h"

namespace weir::otlp {
namespace {

using namespace std::chrono_literals;
using test::decoded;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Pair;

class ExporterTest : public ::testing::Test {
 protected:
  ExporterTest() {
    options.endpoint.upstream = "collector";
    options.endpoint.path = "/v1/traces";
    options.resource = {{"service.name", "shop"}};
    options.batch = 2;
  }
  ~ExporterTest() override {
    queue_.reset();
    exporter.reset();
    loop.advance(0ms);
  }

  void open() {
    exporter = test::opened(Exporter::open(Signal::kTraces, {loop, client, names, cells}, options));
    queue_ = std::make_unique<RecordQueue>(exporter->openQueue(), Signal::kTraces, cells);
  }
  // Adds records with these names, and hands them on.
  void record(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      queue_->add([&](std::span<char> room) {
        RecordWriter to(room, 9);
        to.text(5, text);
        return to.finish();
      });
    }
    queue_->flush();
    settle();
  }
  void settle() {
    for (int i = 0; i < 3; ++i) {
      loop.runOnce();
      loop.advance(0ms);
    }
  }
  void pass(Milliseconds time) {
    for (; time.count() > 0; time -= 100ms) loop.advance(100ms);
    settle();
  }
  // The names of the records of a request.
  static std::vector<std::string> recordsOf(const std::string& body) {
    auto resources = decoded(decoded(body)[1].at(0));
    auto scopes = decoded(resources[2].at(0));
    std::vector<std::string> names;
    for (const std::string& each : scopes[2]) names.push_back(decoded(each)[5].at(0));
    return names;
  }
  std::uint64_t dropped(DropCause cause) {
    return cells.counter(exportDroppedKey(Signal::kTraces, cause)).value();
  }
  std::uint64_t exported() { return cells.counter(exportedKey(Signal::kTraces)).value(); }
  std::int64_t queued() { return cells.gauge(exportQueueKey(Signal::kTraces)).value(); }

  event::Loop loop{event::Loop::Time::kManual};
  MetricCells cells;
  NameTable names;
  test::FakeClient client{loop};
  Options options;
  std::unique_ptr<Exporter> exporter;

 private:
  std::unique_ptr<RecordQueue> queue_;
};

TEST_F(ExporterTest, SendsABatchWithItsResource) {
  options.headers = {{"x-api-key", "k"}};
  open();
  record({"a", "b"});
  ASSERT_EQ(client.count(), 1U);
  const auto& call = client.last();
  EXPECT_EQ(call.method, "POST");
  EXPECT_EQ(call.target, "/v1/traces");
  EXPECT_EQ(call.upstream, names.intern("collector"));
  EXPECT_THAT(call.headers, Contains(Pair("content-type", "application/x-protobuf")));
  EXPECT_THAT(call.headers, Contains(Pair("x-api-key", "k")));
  EXPECT_THAT(recordsOf(call.body), ElementsAre("a", "b"));
  auto resources = decoded(decoded(call.body)[1].at(0));
  EXPECT_THAT(test::attributesOf(decoded(resources[1].at(0))[1]),
              Contains(Pair("service.name", "shop")));
  EXPECT_EQ(decoded(decoded(resources[2].at(0))[1].at(0))[1].at(0), "weir");
  EXPECT_EQ(queued(), 2);
  client.last().reply(200, "");
  EXPECT_EQ(exported(), 2U);
  EXPECT_EQ(queued(), 0);
}

TEST_F(ExporterTest, AnIncompleteBatchWaitsForTheInterval) {
  open();
  record({"a"});
  pass(900ms);
  EXPECT_EQ(client.count(), 0U);
  pass(200ms);
  ASSERT_EQ(client.count(), 1U);
  EXPECT_THAT(recordsOf(client.last().body), ElementsAre("a"));
}

TEST_F(ExporterTest, OnlyTwoRequestsAtATime) {
  open();
  record({"a", "b", "c", "d", "e", "f"});
  EXPECT_EQ(client.count(), 2U);
  client.at(0).reply(200, "");
  ASSERT_EQ(client.count(), 3U);
  EXPECT_THAT(recordsOf(client.last().body), ElementsAre("e", "f"));
}

TEST_F(ExporterTest, RepeatsWhatMaySucceedLater) {
  open();
  record({"a", "b"});
  client.last().reply(503, "");
  EXPECT_EQ(client.count(), 1U);
  record({"c", "d"});
  EXPECT_EQ(client.count(), 1U);  // the pause is that of the collector, not of a batch
  pass(1'100ms);
  ASSERT_EQ(client.count(), 3U);
  EXPECT_THAT(recordsOf(client.at(1).body), ElementsAre("a", "b"));
  EXPECT_EQ(cells.counter(exportRequestsKey(Signal::kTraces, ExportResult::kRetried)).value(), 1U);
  client.at(1).reply(200, "");
  client.at(2).reply(200, "");
  EXPECT_EQ(exported(), 4U);
}

TEST_F(ExporterTest, WaitsAsLongAsTheCollectorAsks) {
  open();
  record({"a", "b"});
  client.last().reply(429, "", {{"retry-after", "7"}});
  pass(6'900ms);
  EXPECT_EQ(client.count(), 1U);
  pass(200ms);
  EXPECT_EQ(client.count(), 2U);
}

TEST_F(ExporterTest, ACollectorThatAsksForNoPauseIsNotFlooded) {
  open();
  record({"a", "b"});
  client.last().reply(429, "", {{"retry-after", "0"}});
  pass(500ms);
  EXPECT_EQ(client.count(), 1U);
  pass(600ms);
  EXPECT_EQ(client.count(), 2U);
}

TEST_F(ExporterTest, ThePauseGrows) {
  open();
  record({"a", "b"});
  for (int i = 0; i < 3; ++i) {
    client.last().fail(Reason::kUpstreamConnectRefused, {});
    pass(Milliseconds(1'100 << i));
    ASSERT_EQ(client.count(), static_cast<std::size_t>(i) + 2);
  }
  client.last().fail(Reason::kUpstreamConnectRefused, {});
  pass(3'900ms);
  EXPECT_EQ(client.count(), 4U);  // at least half of 8 s
}

TEST_F(ExporterTest, WhatTheCollectorRefusesIsDropped) {
  open();
  record({"a", "b"});
  client.last().reply(400, "no");
  pass(60s);
  EXPECT_EQ(client.count(), 1U);
  EXPECT_EQ(dropped(DropCause::kRefused), 2U);
  EXPECT_EQ(queued(), 0);
}

TEST_F(ExporterTest, SingleRecordsMayBeRefused) {
  open();
  record({"a", "b"});
  client.last().reply(
      200, ProtoWriter().message(1, ProtoWriter().number(1, 1).text(2, "too old")).bytes());
  EXPECT_EQ(exported(), 1U);
  EXPECT_EQ(dropped(DropCause::kRefused), 1U);
  EXPECT_EQ(queued(), 0);
}

TEST_F(ExporterTest, HoldsABoundedNumberWhileTheCollectorIsAway) {
  options.queue = 4;
  open();
  record({"a", "b"});
  client.last().fail(Reason::kUpstreamConnectRefused, {});
  const std::string text(1'000, 'x');
  for (int i = 0; i < 3'000; ++i) record({text});
  EXPECT_EQ(queued(), 4);
  EXPECT_GT(dropped(DropCause::kQueueFull), 0U);
  pass(1'100ms);
  const std::size_t before = client.count();
  ASSERT_GT(before, 1U);
  for (std::size_t i = 1; i < client.count(); ++i) client.at(i).reply(200, "");
  EXPECT_EQ(exported() + dropped(DropCause::kQueueFull) + static_cast<std::uint64_t>(queued()),
            3'002U);
}

TEST_F(ExporterTest, TheLastRecordsAreSentAtTheEnd) {
  open();
  record({"a"});
  bool done = false;
  exporter->finish(2s, [&] { done = true; });
  exporter->noteFlushed();
  EXPECT_FALSE(done);
  ASSERT_EQ(client.count(), 1U);
  client.last().reply(200, "");
  EXPECT_TRUE(done);
  EXPECT_EQ(exported(), 1U);
}

TEST_F(ExporterTest, TheEndDoesNotWaitForACollectorThatIsAway) {
  open();
  record({"a", "b"});
  client.last().fail(Reason::kUpstreamConnectRefused, {});
  bool done = false;
  exporter->finish(2s, [&] { done = true; });
  exporter->noteFlushed();
  EXPECT_TRUE(done);
  EXPECT_EQ(dropped(DropCause::kShutdown), 2U);
}

TEST_F(ExporterTest, TheEndWaitsForALimitedTime) {
  open();
  record({"a", "b"});
  bool done = false;
  exporter->finish(2s, [&] { done = true; });
  pass(1'900ms);
  EXPECT_FALSE(done);
  pass(200ms);
  EXPECT_TRUE(done);
  EXPECT_TRUE(client.last().cancelled);
}

TEST_F(ExporterTest, CompressesIfAsked) {
  options.gzip = true;
  open();
  record({std::string(1'000, 'a'), "b"});
  EXPECT_THAT(client.last().headers, Contains(Pair("content-encoding", "gzip")));
  EXPECT_LT(client.last().body.size(), 500U);
  EXPECT_EQ(client.last().body.substr(0, 2), "\x1f\x8b");
}

}  // namespace
}  // namespace weir::otlp
