#include <bit>
#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/number.h"
#include "core/proxy/metrics.h"
#include "observability/metrics/page.h"
#include "tests/observability/otlp/decoded.h"

// The formats other than the text format of Prometheus.
namespace weir::metrics {
namespace {

using namespace std::chrono_literals;
using test::decoded;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

double real(const std::string& bits) {
  return std::bit_cast<double>(parseNumber<std::uint64_t>(bits).value());
}
std::int64_t zigzag(const std::string& text) {
  const std::uint64_t bits = parseNumber<std::uint64_t>(text).value();
  return static_cast<std::int64_t>(bits >> 1U) ^ -static_cast<std::int64_t>(bits & 1U);
}

class FormatsTest : public ::testing::Test {
 protected:
  FormatsTest() {
    page.addSource(cells);
    page.addDetails(details);
    page.configure({.native_histograms = true, .exemplars = true});
  }
  void observe(Nanoseconds value) {
    cells.histogram(duration).observe(value);
    details.find(duration).observe(value);
  }
  // The family of this name among delimited messages.
  std::map<std::uint32_t, std::vector<std::string>> family(std::string_view name) {
    const std::string all = page.render(Exposition::kProtobuf);
    std::size_t at = 0;
    while (at < all.size()) {
      std::size_t size = 0;
      for (unsigned shift = 0;; shift += 7) {
        const auto byte = static_cast<unsigned char>(all[at++]);
        size |= std::size_t{byte & 0x7FU} << shift;
        if (byte < 0x80) break;
      }
      auto fields = decoded(std::string_view(all).substr(at, size));
      if (fields[1].at(0) == name) return fields;
      at += size;
    }
    EXPECT_EQ(at, all.size());
    return {};
  }

  NameTable names;
  MetricCells control;
  MetricCells cells;
  MetricDetails details;
  Page page{names, {}, control};
  const HistogramKey duration = proxy::requestDurationKey(
      names.intern("public"), names.intern("all"), proxy::AppProtocol::kH1, 200);
};

TEST_F(FormatsTest, OpenMetricsNamesAFamilyOfCountersWithoutItsEnd) {
  cells.counter(proxy::requestBodyBytesKey(names.intern("public"), names.intern("all"))).add(7);
  const std::string text = page.render(Exposition::kOpenMetrics);
  EXPECT_THAT(text, HasSubstr("# TYPE weir_request_body_bytes counter\n"));
  EXPECT_THAT(text, HasSubstr("\nweir_request_body_bytes_total{listener=\"public\",route=\"all\"} 7"
                              "\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE process_cpu_seconds counter\n"));
  EXPECT_THAT(text, HasSubstr("\nprocess_cpu_seconds_total "));
  EXPECT_THAT(text, EndsWith("\n# EOF\n"));
}

TEST_F(FormatsTest, OpenMetricsHasExemplars) {
  observe(2ms);
  observe(7s);
  Exemplar exemplar{{}, 0, 2ms, 1'700'000'000s + 500ms};
  exemplar.trace_id = {0x0807060504030201U, 0x100F0E0D0C0B0A09U};
  exemplar.span_id = 0x1817161514131211U;
  details.find(duration).note(exemplar);
  const std::string text = page.render(Exposition::kOpenMetrics);
  EXPECT_THAT(text, HasSubstr(",le=\"0.0025\"} 1 # {trace_id=\"0102030405060708090a0b0c0d0e0f10\","
                              "span_id=\"1112131415161718\"} 0.002 1700000000.5\n"));
  EXPECT_THAT(text, HasSubstr(",le=\"5.0\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(",le=\"+Inf\"} 2\n"));
  EXPECT_THAT(page.render(Exposition::kText), Not(HasSubstr("trace_id")));
}

TEST_F(FormatsTest, ProtobufHasCountersAndGauges) {
  cells.counter(proxy::requestBodyBytesKey(names.intern("public"), names.intern("a\"b"))).add(7);
  auto counters = family("weir_request_body_bytes_total");
  EXPECT_FALSE(counters.contains(3));  // COUNTER is 0
  auto metric = decoded(counters[4].at(0));
  EXPECT_EQ(decoded(metric[1].at(1))[1].at(0), "route");
  EXPECT_EQ(decoded(metric[1].at(1))[2].at(0), "a\"b");
  EXPECT_EQ(real(decoded(metric[3].at(0))[1].at(0)), 7);
  auto gauges = family("process_max_fds");
  EXPECT_EQ(gauges[3].at(0), "1");
  EXPECT_GT(real(decoded(decoded(gauges[4].at(0))[2].at(0))[1].at(0)), 0);
}

TEST_F(FormatsTest, ProtobufHasBothKindsOfHistograms) {
  observe(10us);  // in the zero cell
  observe(1s);
  observe(1s);
  observe(1'050ms);
  observe(2s);
  auto fields = family("weir_request_duration_seconds");
  EXPECT_EQ(fields[3].at(0), "4");
  auto histogram = decoded(decoded(fields[4].at(0))[7].at(0));
  EXPECT_EQ(histogram[1].at(0), "5");
  EXPECT_DOUBLE_EQ(real(histogram[2].at(0)), 5.05001);
  EXPECT_EQ(histogram[3].size(), 16U);
  EXPECT_EQ(decoded(histogram[3].at(0))[1].at(0), "1");
  EXPECT_DOUBLE_EQ(real(decoded(histogram[3].at(0))[2].at(0)), 0.0005);
  EXPECT_EQ(zigzag(histogram[5].at(0)), 3);
  EXPECT_DOUBLE_EQ(real(histogram[6].at(0)), 0x1p-14);
  EXPECT_EQ(histogram[7].at(0), "1");
  // Indexes 0 and 1, then 8: the offset is that from the end of the span before.
  ASSERT_EQ(histogram[12].size(), 2U);
  EXPECT_EQ(zigzag(decoded(histogram[12].at(0))[1].at(0)), 0);
  EXPECT_EQ(decoded(histogram[12].at(0))[2].at(0), "2");
  EXPECT_EQ(zigzag(decoded(histogram[12].at(1))[1].at(0)), 6);
  EXPECT_EQ(decoded(histogram[12].at(1))[2].at(0), "1");
  ASSERT_EQ(histogram[13].size(), 3U);
  EXPECT_EQ(zigzag(histogram[13].at(0)), 2);
  EXPECT_EQ(zigzag(histogram[13].at(1)), -1);
  EXPECT_EQ(zigzag(histogram[13].at(2)), 0);
}

TEST_F(FormatsTest, AHistogramWithoutCellsHasAnEmptySpan) {
  cells.histogram(duration);
  details.find(duration);
  auto histogram = decoded(decoded(family("weir_request_duration_seconds")[4].at(0))[7].at(0));
  ASSERT_EQ(histogram[12].size(), 1U);
  EXPECT_EQ(histogram[12].at(0), "");
}

TEST_F(FormatsTest, NativeHistogramsOnlyIfTheyAreOn) {
  page.configure({.native_histograms = false, .exemplars = true});
  observe(1s);
  auto histogram = decoded(decoded(family("weir_request_duration_seconds")[4].at(0))[7].at(0));
  EXPECT_EQ(histogram[1].at(0), "1");
  EXPECT_FALSE(histogram.contains(5));
  EXPECT_FALSE(histogram.contains(12));
}

TEST_F(FormatsTest, ProtobufHasExemplars) {
  observe(2ms);
  details.find(duration).note({{1, 2}, 3, 2ms, 1'700'000'000s + 500ms});
  auto histogram = decoded(decoded(family("weir_request_duration_seconds")[4].at(0))[7].at(0));
  auto exemplar = decoded(decoded(histogram[3].at(2))[3].at(0));
  EXPECT_EQ(decoded(exemplar[1].at(0))[1].at(0), "trace_id");
  EXPECT_EQ(decoded(exemplar[1].at(0))[2].at(0).size(), 32U);
  EXPECT_DOUBLE_EQ(real(exemplar[2].at(0)), 0.002);
  EXPECT_EQ(decoded(exemplar[3].at(0))[1].at(0), "1700000000");
  EXPECT_EQ(decoded(exemplar[3].at(0))[2].at(0), "500000000");
  EXPECT_EQ(histogram[16].size(), 1U);  // native ones have their own list
}

TEST_F(FormatsTest, SumsTheDetailsOfAllWorkers) {
  MetricDetails other;
  page.addDetails(other);
  details.find(duration).observe(1s);
  other.find(duration).observe(1s);
  details.find(duration).note({{1, 1}, 1, 1s, 10s});
  other.find(duration).note({{2, 2}, 2, 1s, 20s});
  cells.histogram(duration);
  auto histogram = decoded(decoded(family("weir_request_duration_seconds")[4].at(0))[7].at(0));
  EXPECT_EQ(zigzag(histogram[13].at(0)), 2);
  auto exemplar = decoded(histogram[16].at(0));
  EXPECT_EQ(decoded(exemplar[1].at(1))[2].at(0), "0200000000000000");
}

}  // namespace
}  // namespace weir::metrics
