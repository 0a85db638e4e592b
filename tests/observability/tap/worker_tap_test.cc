#include "observability/tap/worker_tap.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/filter/chain.h"
#include "core/upstream/balancer.h"
#include "observability/tap/tap_line.h"
#include "tests/observability/access_log/sample_record.h"

namespace weir::tap {
namespace {

using access_log::SampleRecord;
using nlohmann::json;

std::shared_ptr<const TapTerms> termsOf(
    const std::vector<std::pair<std::string, std::string>>& parameters) {
  admin::PageRequest request;
  request.parameters = parameters;
  TapTerms terms;
  EXPECT_EQ(TapTerms::read(request, terms), "");
  return std::make_shared<const TapTerms>(terms);
}

std::string mistakeOf(std::string_view name, std::string_view value) {
  admin::PageRequest request;
  request.parameters = {{std::string(name), std::string(value)}};
  TapTerms terms;
  return TapTerms::read(request, terms);
}

TEST(TapTerms, RefuseWhatTheyCannotDo) {
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"when", "response.status >= 500"},
                                                        {"sample", "0.1%"},
                                                        {"rate", "10000"},
                                                        {"duration", "10m"},
                                                        {"headers", "false"}}) {
    EXPECT_EQ(mistakeOf(name, value), "") << name;
  }
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"when", ""},
                                                        {"when", "response.status"},
                                                        {"sample", "0%"},
                                                        {"sample", "101%"},
                                                        {"rate", "0"},
                                                        {"rate", "10001"},
                                                        {"duration", "11m"},
                                                        {"duration", "0s"},
                                                        {"duration", "x"},
                                                        {"headers", "1"},
                                                        {"body", "1"}}) {
    EXPECT_NE(mistakeOf(name, value), "") << name << "=" << value;
  }
  EXPECT_EQ(mistakeOf("when", "response.stauts == 1").substr(0, 15), "when, at byte 0");
}

class WorkerTapTest : public ::testing::Test {
 protected:
  WorkerTapTest()
      : tap(loop, cells, 20'000, [this](TapBatch batch) { batches.push_back(std::move(batch)); }) {}

  // One exchange that ends at once. False if it is not watched.
  bool exchange() {
    Arena arena(pool);
    proxy::ExchangeSteps* const steps = tap.begin(arena);
    if (steps != nullptr) tap.end(*steps, sample.record);
    return steps != nullptr;
  }
  std::size_t lines() const {
    std::size_t count = 0;
    for (const TapBatch& batch : batches) count += batch.lines.size();
    return count;
  }

  event::Loop loop{event::Loop::Time::kManual};
  BlockPool pool{4096};
  SampleRecord sample;
  std::vector<TapBatch> batches;
  MetricCells cells;
  WorkerTap tap;
};

TEST_F(WorkerTapTest, WatchesNothingWithoutATap) {
  EXPECT_TRUE(tap.idle());
  EXPECT_FALSE(exchange());
  tap.add(1, termsOf({}));
  EXPECT_FALSE(tap.idle());
  EXPECT_TRUE(exchange());
  tap.remove(1);
  EXPECT_TRUE(tap.idle());
  EXPECT_FALSE(exchange());
}

TEST_F(WorkerTapTest, AConditionSelects) {
  tap.add(1, termsOf({{"when", "response.status == 503 && request.path == '/orders/7'"}}));
  tap.add(2, termsOf({{"when", "response.status == 200"}}));
  EXPECT_TRUE(exchange());
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(batches[0].tap, 1U);
  tap.remove(2);
  ASSERT_EQ(batches.size(), 2U);  // what it has watched
  EXPECT_EQ(batches[1].watched, 1U);
  EXPECT_EQ(batches[1].lines.size(), 0U);
}

TEST_F(WorkerTapTest, ASampleIsTakenWhenRequestsBegin) {
  tap.add(1, termsOf({{"sample", "1%"}, {"rate", "10000"}}));
  int watched = 0;
  for (int i = 0; i < 20'000; ++i) watched += exchange() ? 1 : 0;
  EXPECT_GT(watched, 100);
  EXPECT_LT(watched, 320);
}

TEST_F(WorkerTapTest, TheRateLimitsWhatIsSent) {
  tap.add(1, termsOf({{"rate", "2"}}));
  for (int i = 0; i < 5; ++i) {
    exchange();
    tap.acknowledge(1);
  }
  EXPECT_EQ(lines(), 2U);
  loop.advance(std::chrono::seconds(1));
  exchange();
  tap.acknowledge(1);
  EXPECT_EQ(lines(), 3U);
  EXPECT_EQ(batches.back().limited, 3U);
}

// Nobody reads: one batch is on its way, and what waits is bounded.
TEST_F(WorkerTapTest, DropsWhatTheClientDoesNotRead) {
  tap.add(1, termsOf({{"rate", "10000"}}));
  for (int i = 0; i < 1'000; ++i) exchange();
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(batches[0].lines.size(), 1U);
  tap.acknowledge(1);
  ASSERT_EQ(batches.size(), 2U);
  EXPECT_GT(batches[1].lines.size(), 5U);
  EXPECT_EQ(batches[1].lines.size() + batches[1].dropped, 999U);
  std::size_t bytes = 0;
  for (const std::string& line : batches[1].lines) bytes += line.size();
  EXPECT_LT(bytes, 20'000 + kMostLine);
  tap.acknowledge(1);
  EXPECT_EQ(batches.size(), 2U);
  exchange();
  EXPECT_EQ(batches.size(), 3U);
}

TEST_F(WorkerTapTest, AFewTapsWatchAtTheSameTime) {
  for (TapId id = 1; id <= WorkerTap::kMostTaps + 1; ++id) tap.add(id, termsOf({}));
  exchange();
  EXPECT_EQ(batches.size(), WorkerTap::kMostTaps);
}

// The steps of an exchange with two filters and two attempts.
class TapLine : public ::testing::Test {
 protected:
  TapLine() {
    member.endpoint.address = net::Address(IpAddress::v4({10, 0, 0, 7}), 8080);
    other.endpoint.address = net::Address(IpAddress::v4({10, 0, 0, 8}), 8080);
    links[0].name = "jwt";
    links[1].name = "rbac";
    links[0].of_listener = true;
    steps.filters = {of.data(), of.size()};
    of[0].link = links.data();
    of[1].link = &links[1];
    of[0].request = {filter::Step::Outcome::kProceeds, Nanoseconds(1'000), Nanoseconds(13'500)};
    of[0].response = of[0].request;
  }
  json line(bool headers = true) {
    std::array<char, kMostLine> room;
    const std::size_t size = writeLine(steps, sample.record, headers, room);
    EXPECT_GT(size, 0U);
    return json::parse(std::string_view(room.data(), size));
  }

  SampleRecord sample;
  proxy::ExchangeSteps steps{sample.arena};
  std::array<filter::Link, 2> links;
  std::array<filter::Steps::OfFilter, 2> of;
  upstream::Member member;
  upstream::Member other;
};

TEST_F(TapLine, HasTheFiltersInTheirOrder) {
  EXPECT_EQ(line()["filters"], json::parse(R"([
    {"filter": "jwt", "of": "listener", "side": "request", "verdict": "proceeds",
     "duration_ms": 0.012},
    {"filter": "rbac", "of": "route", "side": "request", "verdict": "not_reached"},
    {"filter": "jwt", "of": "listener", "side": "response", "verdict": "proceeds",
     "duration_ms": 0.012}])"));
}

TEST_F(TapLine, HasTheAttemptsInTheirOrder) {
  steps.candidates.add(member, 12.5);
  steps.candidates.add(other, 20);
  steps.noteConnection(true, Nanoseconds(300'000));
  steps.noteAttempt(
      member,
      {.status = 503, .duration = Nanoseconds(2'000'000), .first_byte = Nanoseconds(1'500'000)},
      Nanoseconds(2'200'000));
  steps.noteAttempt(other,
                    {.result = upstream::AttemptOutcome::kError,
                     .reason = Reason::kUpstreamConnectRefused,
                     .duration = Nanoseconds(100'000)},
                    Nanoseconds(2'400'000));
  EXPECT_EQ(line()["attempts"], json::parse(R"([
    {"endpoint": "10.0.0.7:8080",
     "candidates": [{"endpoint": "10.0.0.7:8080", "cost": 12.5, "in_flight": 0},
                    {"endpoint": "10.0.0.8:8080", "cost": 20.0, "in_flight": 0}],
     "connection": "reused", "began_ms": 0.2, "connected_ms": 0.3, "first_byte_ms": 1.7,
     "ended_ms": 2.2, "outcome": "ok", "status": 503},
    {"endpoint": "10.0.0.8:8080", "began_ms": 2.3, "ended_ms": 2.4, "outcome": "error",
     "reason": "upstream_connect_refused"}])"));
}

TEST_F(TapLine, HasTheRequestAndItsTimes) {
  const json whole = line();
  EXPECT_EQ(whole["time"], "2023-11-14T22:13:20.123456Z");
  EXPECT_EQ(whole["request"]["path"], "/orders/7");
  EXPECT_EQ(whole["request"]["query"], "full=1");
  EXPECT_EQ(whole["route"], "orders");
  EXPECT_EQ(whole["response"]["reason"], "upstream_timeout");
  EXPECT_EQ(whole["timings_ms"]["total"], 2.5);
  EXPECT_EQ(whole["client"]["address"], "203.0.113.9:51000");
}

TEST_F(TapLine, HidesSecrets) {
  sample.record.query = "code=1&page=2";
  sample.request_headers.add("Authorization", "Bearer s3cret");
  sample.request_headers.add("Cookie", "session=s3cret");
  sample.request_headers.add("X-Api-Key", "s3cret");
  sample.response_headers.add("Set-Cookie", "a=s3cret");
  const json whole = line();
  EXPECT_EQ(whole.dump().find("s3cret"), std::string::npos);
  EXPECT_EQ(whole["request"]["query"], "code=REDACTED&page=2");
  EXPECT_EQ(whole["request_headers"][0], json::parse(R"(["User-Agent", "curl/8.5.0"])"));
  EXPECT_EQ(whole["request_headers"][1],
            json::parse(R"(["Referer", "https://example.com/cart?token=REDACTED"])"));
  EXPECT_EQ(whole["request_headers"][4], json::parse(R"(["Authorization", "REDACTED"])"));
  EXPECT_FALSE(line(false).contains("request_headers"));
}

TEST_F(TapLine, LeavesTheHeadersOutIfThereIsNoRoom) {
  const std::string large(400, 'x');
  for (int i = 0; i < 60; ++i) sample.request_headers.add("x-large", large);
  const json whole = line();
  EXPECT_FALSE(whole.contains("request_headers"));
  EXPECT_EQ(whole["route"], "orders");
}

TEST_F(TapLine, UntrustedBytesRemainJson) {
  sample.record.path = "/\"\\\n\x01\xFF";
  EXPECT_EQ(line()["request"]["path"], "/\"\\\n\x01\xEF\xBF\xBD");
}

}  // namespace
}  // namespace weir::tap
