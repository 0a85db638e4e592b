#include "observability/metrics/page.h"

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include "core/event/metrics.h"
#include "core/proxy/metrics.h"
#include "core/server/metrics.h"
#include "core/upstream/metrics.h"
#include "observability/access_log/metrics.h"

namespace weir::metrics {
namespace {

// Every family with one set of labels, on two workers.
struct Process {
  NameTable names;
  MetricCells control;
  MetricCells workers[2];
  Page page{names, {}, control};

  Process() {
    page.addSource(workers[0]);
    page.addSource(workers[1]);
    for (MetricCells& worker : workers) fillWorker(worker);
    fillControl();
  }

  void fillWorker(MetricCells& worker) {
    const NameId listener = names.intern("public");
    const NameId route = names.intern("orders \"v2\"");
    const NameId upstream = names.intern("orders");
    worker.counter(proxy::requestsKey(listener, route, 0, proxy::AppProtocol::kH1, 200)).add(1001);
    worker.counter(proxy::requestsKey(listener, route, 0, proxy::AppProtocol::kH1, 503)).add(3);
    worker.histogram(proxy::requestDurationKey(listener, route, proxy::AppProtocol::kH1, 200))
        .observe(std::chrono::microseconds(1234));
    worker.histogram(proxy::requestDurationKey(listener, route, proxy::AppProtocol::kH1, 200))
        .observe(std::chrono::seconds(77));
    worker.histogram(proxy::timeToFirstByteKey(listener, route)).observe(Nanoseconds(999));
    worker.gauge(proxy::requestsInFlightKey(listener)).add(4);
    worker.counter(proxy::localRepliesKey(listener, route, 503, Reason::kQueueFull)).add(3);
    worker.counter(upstream::upstreamRequestsKey(upstream, 0, Reason::kUpstreamConnectRefused))
        .add();
    worker.gauge(upstream::upstreamQueueDepthKey(upstream)).set(123'456);
    worker.histogram(event::loopLagKey(names.intern("worker-0"))).observe(Nanoseconds(5'000'000));
    worker.counter(access_log::droppedKey(names.intern("stdout"))).add(2);
  }

  void fillControl() {
    control.gauge(server::buildInfoKey(names.intern("gateway"), names.intern("0.1.0"))).set(1);
    control.gauge(server::configLastSuccessTimestampKey()).set(1'700'000'000'500'000'000);
    control.counter(server::configReloadsKey(server::ReloadResult::kRejected)).add(2);
    control.histogram(server::configReloadDurationKey()).observe(std::chrono::milliseconds(12));
    control.gauge(upstream::discoveryStaleKey(names.intern("orders"))).set(0);
  }
};

double numberIn(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);  // +Inf
  double number = -1;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Series to value. The bounds of buckets are numbers, so that "0.1" is "0.100000000001".
std::map<std::string, double> parse(const std::string& text) {
  std::map<std::string, double> values;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#")) continue;
    const std::size_t space = line.rfind(' ');
    std::string series = line.substr(0, space);
    const std::size_t bound = series.find_last_of("{,") + 1;
    if (series.substr(bound).starts_with("le=")) {
      const std::size_t digits = bound + 4;  // after le="
      const double number = numberIn(line.substr(digits, series.size() - digits - 2));
      series = series.substr(0, bound) + std::to_string(number);
    }
    values[series] = numberIn(std::string_view(line).substr(space + 1));
  }
  return values;
}

TEST(Page, ShowsTheProcess) {
  Process process;
  const auto values = parse(process.page.text());
  EXPECT_GT(values.at("process_resident_memory_bytes"), 0);
  EXPECT_GT(values.at("process_max_fds"), 0);
}

TEST(Page, ShowsMetricsOfTheRegistryOfPrometheusCpp) {
  Process process;
  prometheus::BuildGauge()
      .Name("weir_test_depth")
      .Help("Depth.")
      .Register(process.page.registry())
      .Add({{"of", "a \"queue\""}})
      .Set(2.5);
  const auto values = parse(process.page.text());
  EXPECT_EQ(values.at("weir_test_depth{of=\"a \\\"queue\\\"\"}"), 2.5);
}

TEST(Page, SumsWorkersAndControl) {
  Process process;
  const auto values = parse(process.page.text());
  EXPECT_EQ(values.at("weir_requests_total{listener=\"public\",route=\"orders \\\"v2\\\"\","
                      "method=\"GET\",protocol=\"h1\",code=\"200\"}"),
            2002);
  EXPECT_EQ(values.at("weir_requests_in_flight{listener=\"public\"}"), 8);
  EXPECT_EQ(values.at("weir_build_info{role=\"gateway\",version=\"0.1.0\"}"), 1);
  EXPECT_EQ(values.at("weir_config_last_success_timestamp_seconds"), 1700000000.5);
}

TEST(Page, CountsItsSeriesAndScrapes) {
  Process process;
  EXPECT_EQ(parse(process.page.text()).at("weir_metric_series"), 17);
  const auto second = parse(process.page.text());
  EXPECT_EQ(second.at("weir_metric_series"), 18);  // includes the duration of the scrape itself
  EXPECT_EQ(second.at("weir_scrape_duration_seconds_count"), 1);
  EXPECT_EQ(second.at("weir_metric_series_dropped_total"), 0);
}

TEST(Page, ShowsThatTheCeilingWasMet) {
  NameTable names;
  MetricCells control(1);
  Page page(names, {}, control);
  control.counter(upstream::upstreamReusedConnectionsKey(names.intern("a"))).add();
  control.counter(upstream::upstreamReusedConnectionsKey(names.intern("b"))).add();
  const auto values = parse(page.text());
  EXPECT_EQ(values.at("weir_metric_series_dropped_total"), 1);
  EXPECT_EQ(values.at("weir_upstream_reused_connections_total{upstream=\"__other__\"}"), 1);
}

TEST(Page, PleasesPromtool) {
  if (std::system("command -v promtool >/dev/null") != 0) GTEST_SKIP() << "no promtool here";
  Process process;
  process.page.text();
  const std::string path = testing::TempDir() + "weir-page.txt";
  std::ofstream(path) << process.page.text();
  EXPECT_EQ(std::system(("promtool check metrics < " + path).c_str()), 0);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace weir::metrics
