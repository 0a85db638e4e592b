#include "core/proxy/request_metrics.h"

#include <gtest/gtest.h>

namespace weir::proxy {
namespace {

using namespace std::chrono_literals;

http::PhaseTimes timesWithFirstByte() {
  http::PhaseTimes times;
  times.total = 2ms;
  times.upstream_first_byte = 1ms;
  return times;
}

TEST(RequestMetrics, CountsEachLabelSetOnItsOwn) {
  MetricCells cells;
  RequestMetrics metrics(cells);
  // More sets than are kept, so that some replace others.
  for (int round = 1; round <= 3; ++round) {
    for (NameId route = 1; route <= 40; ++route) {
      for (const int status : {200, 204, 404, 503}) {
        metrics.count({1, route, 0, AppProtocol::kH1, status}, timesWithFirstByte(), 10);
      }
    }
  }
  for (NameId route = 1; route <= 40; ++route) {
    for (const int status : {200, 204, 404, 503}) {
      EXPECT_EQ(cells.counter(requestsKey(1, route, 0, AppProtocol::kH1, status)).value(), 3U);
    }
    EXPECT_EQ(cells.counter(responseBodyBytesKey(1, route)).value(), 120U);
  }
  EXPECT_EQ(cells.dropped(), 0U);
}

TEST(RequestMetrics, MakesNoCellsForWhatDidNotHappen) {
  MetricCells cells;
  RequestMetrics metrics(cells);
  http::PhaseTimes times;
  times.total = 2ms;
  metrics.count({1, 2, 0, AppProtocol::kH2, 404}, times, 0);
  EXPECT_EQ(cells.size(), 2U);  // the counter and the duration
  metrics.count({1, 2, 0, AppProtocol::kH2, 404}, timesWithFirstByte(), 5);
  EXPECT_EQ(cells.size(), 4U);
}

TEST(RequestMetrics, KeepsNothingOverTheCeiling) {
  MetricCells cells(2);
  RequestMetrics metrics(cells);
  const RequestLabels second{1, 3, 0, AppProtocol::kH1, 200};
  metrics.count({1, 2, 0, AppProtocol::kH1, 200}, {}, 0);
  metrics.count(second, {}, 0);
  EXPECT_GT(cells.dropped(), 0U);
  cells.setLeft(10);
  metrics.count(second, {}, 0);
  EXPECT_EQ(cells.counter(requestsKey(1, 3, 0, AppProtocol::kH1, 200)).value(), 1U);
}

}  // namespace
}  // namespace weir::proxy
