#include "observability/metrics/text_format.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "core/proxy/metrics.h"
#include "core/server/metrics.h"
#include "core/upstream/metrics.h"

namespace weir::metrics {
namespace {

// A table over the cells of one thread.
struct Fixture {
  NameTable names;
  MetricCells cells;
  SeriesTable table{names, {}};

  std::string text() {
    table.addSource(cells);
    table.gather();
    std::string out;
    appendText(table, out);
    return out;
  }
};

TEST(TextFormat, WritesACounter) {
  Fixture f;
  f.cells.counter(proxy::requestBodyBytesKey(f.names.intern("public"), f.names.intern("orders")))
      .add(1234);
  EXPECT_EQ(f.text(),
            "# HELP weir_request_body_bytes_total Bytes of request bodies received from "
            "downstream.\n"
            "# TYPE weir_request_body_bytes_total counter\n"
            "weir_request_body_bytes_total{listener=\"public\",route=\"orders\"} 1234\n");
}

TEST(TextFormat, WritesANegativeGaugeWithoutLabels) {
  Fixture f;
  f.cells.gauge(server::drainingKey()).set(-7);
  EXPECT_EQ(f.text(),
            "# HELP weir_draining 1 while the process drains.\n"
            "# TYPE weir_draining gauge\n"
            "weir_draining -7\n");
}

TEST(TextFormat, WritesNanosecondsAsExactSeconds) {
  Fixture f;
  f.cells.gauge(server::configLastSuccessTimestampKey()).set(1'700'000'000'123'456'780);
  EXPECT_EQ(f.text(),
            "# HELP weir_config_last_success_timestamp_seconds Time of the last applied "
            "configuration, in seconds since 1970.\n"
            "# TYPE weir_config_last_success_timestamp_seconds gauge\n"
            "weir_config_last_success_timestamp_seconds 1700000000.12345678\n");
}

constexpr GaugeFamily kBusy{"weir_test_busy_ratio", "Busy.", {}, MetricUnit::kMillionths};

TEST(TextFormat, WritesMillionthsAsARatio) {
  Fixture f;
  f.cells.gauge(GaugeKey(kBusy, {})).set(50'000);
  EXPECT_EQ(f.text(),
            "# HELP weir_test_busy_ratio Busy.\n"
            "# TYPE weir_test_busy_ratio gauge\n"
            "weir_test_busy_ratio 0.05\n");
}

constexpr HistogramShape kSizes = HistogramShape::exponential(256, 4, 3);
constexpr HistogramFamily kBodies{"weir_test_body_bytes", "Sizes.", {}, MetricUnit::kBytes, kSizes};

TEST(TextFormat, WritesAHistogramOfItsOwnShapeAndUnit) {
  Fixture f;
  const Histogram histogram = f.cells.histogram(HistogramKey(kBodies, {}));
  histogram.observe(256);
  histogram.observe(1025);
  histogram.observe(1'000'000'000'000);
  EXPECT_EQ(f.text(),
            "# HELP weir_test_body_bytes Sizes.\n"
            "# TYPE weir_test_body_bytes histogram\n"
            "weir_test_body_bytes_bucket{le=\"256\"} 1\n"
            "weir_test_body_bytes_bucket{le=\"1024\"} 1\n"
            "weir_test_body_bytes_bucket{le=\"4096\"} 2\n"
            "weir_test_body_bytes_bucket{le=\"+Inf\"} 3\n"
            "weir_test_body_bytes_sum 1000000001281\n"
            "weir_test_body_bytes_count 3\n");
}

TEST(TextFormat, WritesAHistogramWithCumulativeBuckets) {
  Fixture f;
  const Histogram histogram = f.cells.histogram(server::configReloadDurationKey());
  histogram.observe(std::chrono::milliseconds(3));
  histogram.observe(std::chrono::milliseconds(5));
  histogram.observe(std::chrono::seconds(40));
  EXPECT_EQ(f.text(),
            "# HELP weir_config_reload_duration_seconds Time to read, check and publish a "
            "configuration.\n"
            "# TYPE weir_config_reload_duration_seconds histogram\n"
            "weir_config_reload_duration_seconds_bucket{le=\"0.0005\"} 0\n"
            "weir_config_reload_duration_seconds_bucket{le=\"0.001\"} 0\n"
            "weir_config_reload_duration_seconds_bucket{le=\"0.0025\"} 0\n"
            "weir_config_reload_duration_seconds_bucket{le=\"0.005\"} 2\n"
            "weir_config_reload_duration_seconds_bucket{le=\"0.01\"} 2\n"
            "weir_config_reload_duration_seconds_bucket{le=\"0.025\"} 2\n"
            "weir_config_reload_duration_seconds_bucket{le=\"0.05\"} 2\n"
            "weir_config_reload_duration_seconds_bucket{le=\"0.1\"} 2\n"
            "weir_config_reload_duration_seconds_bucket{le=\"0.25\"} 2\n"
            "weir_config_reload_duration_seconds_bucket{le=\"0.5\"} 2\n"
            "weir_config_reload_duration_seconds_bucket{le=\"1\"} 2\n"
            "weir_config_reload_duration_seconds_bucket{le=\"2.5\"} 2\n"
            "weir_config_reload_duration_seconds_bucket{le=\"5\"} 2\n"
            "weir_config_reload_duration_seconds_bucket{le=\"10\"} 2\n"
            "weir_config_reload_duration_seconds_bucket{le=\"30\"} 2\n"
            "weir_config_reload_duration_seconds_bucket{le=\"+Inf\"} 3\n"
            "weir_config_reload_duration_seconds_sum 40.008\n"
            "weir_config_reload_duration_seconds_count 3\n");
}

TEST(TextFormat, PutsTheBoundBehindTheLabelsOfAHistogram) {
  Fixture f;
  f.cells.histogram(upstream::upstreamPoolWaitKey(f.names.intern("orders")))
      .observe(Nanoseconds(1));
  const std::string text = f.text();
  EXPECT_NE(text.find("\nweir_upstream_pool_wait_seconds_bucket{upstream=\"orders\",le=\"0.0005\"} "
                      "1\n"),
            std::string::npos);
  EXPECT_NE(text.find("\nweir_upstream_pool_wait_seconds_sum{upstream=\"orders\"} 0.000000001\n"),
            std::string::npos);
}

}  // namespace
}  // namespace weir::metrics
