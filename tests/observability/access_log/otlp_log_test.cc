#include "observability/access_log/otlp_log.h"

#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/observability/access_log/sample_record.h"
#include "tests/observability/otlp/decoded.h"
#include "tests/support/opened.h"

namespace weir::access_log {
namespace {

using ::testing::Contains;
using ::testing::Pair;

class OtlpLogTest : public ::testing::Test {
 protected:
  OtlpLog& log() {
    if (log_ == nullptr) {
      log_ = std::make_unique<OtlpLog>(
          settings, otlp::RecordQueue(event::WriteQueueHandle(&queue_), otlp::Signal::kLogs, cells),
          Random(7));
    }
    return *log_;
  }
  // The records so far.
  std::vector<std::map<std::uint32_t, std::vector<std::string>>> records() {
    log().flush();
    std::vector<std::map<std::uint32_t, std::vector<std::string>>> found;
    while (const auto block = queue_.front()) {
      auto records = test::decoded(*block);
      for (const std::string& each : records[2]) found.push_back(test::decoded(each));
      queue_.pop(true);
    }
    return found;
  }

  MetricCells cells;
  Settings settings;
  SampleRecord sample;

 private:
  event::WriterSignal signal_ = test::opened(event::WriterSignal::open());
  event::WriteQueue queue_{signal_};
  std::unique_ptr<OtlpLog> log_;
};

TEST_F(OtlpLogTest, WritesARecordWithTheAttributesOfSpans) {
  sample.record.query = "token=x";
  sample.record.trace_id = "12345678901234567890123456789012";
  log().log(sample.record);
  auto found = records();
  ASSERT_EQ(found.size(), 1U);
  auto& record = found[0];
  EXPECT_EQ(record[1].at(0), "1700000000125956789");  // its end
  EXPECT_EQ(record[2].at(0), "17");                   // an error: the status is 503
  EXPECT_EQ(record[9].at(0), "\x12\x34\x56\x78\x90\x12\x34\x56\x78\x90\x12\x34\x56\x78\x90\x12");
  const auto attributes = test::attributesOf(record[6]);
  EXPECT_THAT(attributes, Contains(Pair("http.request.method", "POST")));
  EXPECT_THAT(attributes, Contains(Pair("http.response.status_code", "503")));
  EXPECT_THAT(attributes, Contains(Pair("url.query", "token=REDACTED")));
  EXPECT_THAT(attributes, Contains(Pair("http.route", "orders")));
  EXPECT_THAT(attributes, Contains(Pair("error.type", "upstream_timeout")));
  EXPECT_THAT(attributes, Contains(Pair("http.response.body.size", "3456")));
}

TEST_F(OtlpLogTest, WritesTheShareOfItsSample) {
  settings.sample = config::Percent{0};
  log().log(sample.record);
  EXPECT_TRUE(records().empty());
}

}  // namespace
}  // namespace weir::access_log
