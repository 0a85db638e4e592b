#include "observability/tap/failure_log.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "observability/tap/failure_page.h"
#include "tests/observability/access_log/sample_record.h"

namespace weir::tap {
namespace {

using access_log::SampleRecord;
using nlohmann::json;

json pageOf(const FailureLog& log, const FailureQuery& query = {}) {
  return json::parse(failurePage(query, false, {log.latest()}, 0).body);
}

TEST(FailureLog, TellsWhatFailedWhereAndWhy) {
  SampleRecord sample;
  sample.record.query = "full=1&token=abc";
  sample.record.reason_detail = "no response in time";
  FailureLog log;
  log.log(sample.record);
  const json page = pageOf(log);
  ASSERT_EQ(page["errors"].size(), 1U);
  EXPECT_EQ(page["errors"][0], json::parse(R"({
    "time": "2023-11-14T22:13:20.125Z", "reason": "upstream_timeout",
    "detail": "no response in time", "status": 503, "method": "POST",
    "authority": "api.example.com:8443", "path": "/orders/7?full=1&token=REDACTED",
    "client": "203.0.113.9:51000", "listener": "public", "route": "orders",
    "upstream": "orders-v1", "endpoint": "10.0.0.7:8080", "attempts": 2, "duration_ms": 2.5,
    "request_id": "0192-abc", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"})"));
  EXPECT_FALSE(page.contains("silent_workers"));
}

TEST(FailureLog, AnErrorOfTheUpstreamHasAReasonToo) {
  SampleRecord sample;
  sample.record.reason = Reason::kNone;
  FailureLog log;
  log.log(sample.record);
  EXPECT_EQ(pageOf(log)["errors"][0]["reason"], "upstream_status");
}

TEST(FailureLog, ConnectionsHaveNoMethod) {
  http::ExchangeRecord record;
  record.transport = http::kTcpTransport;
  record.reason = Reason::kUpstreamConnectRefused;
  FailureLog log;
  log.log(record);
  const json failure = pageOf(log)["errors"][0];
  EXPECT_EQ(failure["method"], "TCP");
  EXPECT_FALSE(failure.contains("status"));
}

// Those of clients cannot push out the others.
TEST(FailureLog, KeepsTheLatestOfEachKind) {
  SampleRecord sample;
  FailureLog log;
  sample.record.request_id = "server";
  log.log(sample.record);
  sample.record.status = 404;
  sample.record.reason = Reason::kNoRoute;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < 2 * FailureLog::kEach; ++i) ids.push_back(std::to_string(i));
  for (const std::string& id : ids) {
    sample.record.request_id = id;
    log.log(sample.record);
  }
  const std::vector<Failure> latest = log.latest();
  EXPECT_EQ(latest.size(), FailureLog::kEach + 1);
  const auto has = [&latest](std::string_view id) {
    return std::ranges::find(latest, id, &Failure::request_id) != latest.end();
  };
  EXPECT_TRUE(has("server"));
  EXPECT_FALSE(has(ids[FailureLog::kEach - 1]));
  EXPECT_TRUE(has(ids[FailureLog::kEach]));
  EXPECT_TRUE(has(ids.back()));
}

TEST(FailureLog, LongTextsAreCut) {
  SampleRecord sample;
  const std::string path = "/" + std::string(10'000, 'a');
  const std::string query(10'000, 'b');
  sample.record.path = path;
  sample.record.query = query;
  sample.record.reason_detail = path;
  FailureLog log;
  log.log(sample.record);
  const std::vector<Failure> latest = log.latest();
  EXPECT_LT(latest[0].target.size(), 1'100U);
  EXPECT_TRUE(latest[0].target.ends_with("..."));
  EXPECT_LT(latest[0].detail.size(), 200U);
}

class FailurePage : public ::testing::Test {
 protected:
  FailurePage() {
    for (std::size_t i = 0; i < 4; ++i) {
      Failure& failure = parts_[i % 2].emplace_back();
      failure.time = Nanoseconds(1'700'000'000'000'000'000 + static_cast<std::int64_t>(i));
      failure.reason = i < 2 ? "no_route" : "upstream_timeout";
      failure.route = i == 3 ? "orders" : "users";
      failure.request_id = std::to_string(i);
    }
  }
  std::string ids(const FailureQuery& query) const {
    std::string text;
    const json page = json::parse(failurePage(query, false, parts_, 0).body);
    for (const json& each : page["errors"]) text += each["request_id"].get<std::string>();
    return text;
  }
  static std::string mistakeOf(std::string_view name, std::string_view value) {
    admin::PageRequest request;
    request.parameters = {{std::string(name), std::string(value)}};
    FailureQuery query;
    return FailureQuery::read(request, query);
  }

  std::vector<std::vector<Failure>> parts_{2};
};

TEST_F(FailurePage, HasTheLatestFailuresOfAllWorkersFirst) {
  EXPECT_EQ(ids({}), "3210");
  EXPECT_EQ(ids({.limit = 2}), "32");
  EXPECT_EQ(ids({.reason = "no_route"}), "10");
  EXPECT_EQ(ids({.route = "orders"}), "3");
  EXPECT_EQ(ids({.upstream = "none"}), "");
}

TEST_F(FailurePage, TellsOfSilentWorkers) {
  EXPECT_EQ(json::parse(failurePage({}, false, {}, 2).body)["silent_workers"], 2);
}

TEST_F(FailurePage, TextCannotMoveTheCursor) {
  parts_[0][0].detail = "a\x1B[2Jb";
  const admin::PageReply reply = failurePage({}, true, parts_, 0);
  EXPECT_EQ(reply.content_type, admin::kPlainText);
  EXPECT_NE(reply.body.find("a?[2Jb"), std::string::npos);
  EXPECT_NE(reply.body.find("TIME"), std::string::npos);
}

TEST_F(FailurePage, RefusesOtherParameters) {
  EXPECT_EQ(mistakeOf("limit", "1000"), "");
  EXPECT_EQ(mistakeOf("reason", "no_route"), "");
  for (const std::string_view limit : {"0", "1001", "x", "-1", ""}) {
    EXPECT_NE(mistakeOf("limit", limit), "") << limit;
  }
  EXPECT_NE(mistakeOf("nothing", "1"), "");
}

}  // namespace
}  // namespace weir::tap
