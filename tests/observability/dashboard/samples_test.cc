#include "observability/dashboard/samples.h"

#include <gtest/gtest.h>

#include "core/base/metric_cells.h"
#include "core/proxy/metrics.h"
#include "core/tls/metrics.h"
#include "core/upstream/metrics.h"

namespace weir::dashboard {
namespace {

using namespace std::chrono_literals;
using proxy::AppProtocol;

class SamplesTest : public ::testing::Test {
 protected:
  void serve(NameId route, int status, std::uint64_t count, Milliseconds took = 3ms) {
    cells_.counter(proxy::requestsKey(web_, route, 1, AppProtocol::kH1, status)).add(count);
    const Histogram durations =
        cells_.histogram(proxy::requestDurationKey(web_, route, AppProtocol::kH1, status));
    for (std::uint64_t i = 0; i < count; ++i) durations.observe(took);
  }
  void take(Milliseconds now) {
    table_.gather();
    samples_.take(table_, now, 1'000s + now);
  }

  NameTable names_;
  const NameId web_ = names_.intern("web");
  const NameId orders_ = names_.intern("orders");
  const NameId users_ = names_.intern("users");
  MetricCells cells_;
  metrics::SeriesTable table_ = [this] {
    metrics::SeriesTable table(names_, {});
    table.addSource(cells_);
    return table;
  }();
  Samples samples_;
};

TEST_F(SamplesTest, RatesAreThoseOfTheLastSeconds) {
  serve(orders_, 200, 1'000);
  take(0ms);
  EXPECT_EQ(samples_.total().per_second, 0);  // there is nothing to compare with
  EXPECT_EQ(samples_.totalSums().requests, 1'000U);
  serve(orders_, 200, 6);
  serve(orders_, 503, 2);
  serve(users_, 404, 2);
  take(2'000ms);
  EXPECT_DOUBLE_EQ(samples_.total().per_second, 5);
  EXPECT_DOUBLE_EQ(samples_.route(orders_).per_second, 4);
  EXPECT_DOUBLE_EQ(samples_.route(orders_).server_errors_per_second, 1);
  EXPECT_DOUBLE_EQ(*samples_.route(orders_).success, 0.75);
  EXPECT_DOUBLE_EQ(*samples_.route(users_).success, 1);  // the client's mistake
  EXPECT_DOUBLE_EQ(samples_.route(users_).client_errors_per_second, 1);
  EXPECT_DOUBLE_EQ(samples_.arrival(web_, users_).per_second, 1);
  EXPECT_DOUBLE_EQ(samples_.listener(web_).per_second, 5);
  EXPECT_EQ(samples_.routeSums(orders_).server_errors, 2U);
}

TEST_F(SamplesTest, TheWindowMovesOn) {
  take(0ms);
  serve(orders_, 500, 10);
  for (int i = 1; i <= 5; ++i) take(i * 1'000ms);
  EXPECT_DOUBLE_EQ(samples_.total().server_errors_per_second, 2);
  take(6'000ms);
  EXPECT_DOUBLE_EQ(samples_.total().per_second, 0);
  EXPECT_FALSE(samples_.total().success);
  EXPECT_DOUBLE_EQ(samples_.windowSeconds(), 5);
}

TEST_F(SamplesTest, QuantilesAreThoseOfTheWindow) {
  serve(orders_, 200, 100, 20'000ms);
  take(0ms);
  serve(orders_, 200, 90, 2ms);
  serve(orders_, 200, 10, 80ms);
  take(1'000ms);
  const Traffic traffic = samples_.route(orders_);
  EXPECT_DOUBLE_EQ(*traffic.p50, 1 + 1.5 * 50 / 90);
  EXPECT_DOUBLE_EQ(*traffic.p95, 75);
  EXPECT_DOUBLE_EQ(*traffic.p99, 95);
}

TEST_F(SamplesTest, ASampleIsSharedForASecond) {
  EXPECT_TRUE(samples_.due(0ms));
  take(0ms);
  EXPECT_FALSE(samples_.due(899ms));
  EXPECT_TRUE(samples_.due(900ms));
}

TEST_F(SamplesTest, TheHistoryBeginsAnewAfterAGap) {
  take(0ms);
  take(1'000ms);
  take(2'000ms);
  ASSERT_EQ(samples_.points().size(), 2U);
  EXPECT_EQ(samples_.points().back().at, 1'002s);
  serve(orders_, 200, 1'000'000);
  take(60'000ms);
  EXPECT_TRUE(samples_.points().empty());
  EXPECT_DOUBLE_EQ(samples_.total().per_second, 0);
}

TEST_F(SamplesTest, TheHistoryIsBounded) {
  for (int i = 0; i < 400; ++i) take(i * 1'000ms);
  EXPECT_EQ(samples_.points().size(), Samples::kPoints);
}

TEST_F(SamplesTest, AttemptsWithoutAResponseHaveFailedIfThereIsAReason) {
  take(0ms);
  cells_.counter(upstream::upstreamRequestsKey(users_, 200, Reason::kNone)).add(2);
  cells_.counter(upstream::upstreamRequestsKey(users_, 0, Reason::kNone)).add(1);
  cells_.counter(upstream::upstreamRequestsKey(users_, 0, Reason::kUpstreamConnectRefused)).add(3);
  take(1'000ms);
  EXPECT_DOUBLE_EQ(samples_.upstream(users_).per_second, 6);
  EXPECT_DOUBLE_EQ(samples_.upstream(users_).server_errors_per_second, 3);
}

TEST_F(SamplesTest, LocalRepliesHaveAReason) {
  take(0ms);
  cells_.counter(proxy::localRepliesKey(web_, users_, 403, Reason::kAuthzDenied, orders_)).add(4);
  take(2'000ms);
  const auto replies = samples_.localReplies();
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].reason, Reason::kAuthzDenied);
  EXPECT_EQ(replies[0].status, 403);
  EXPECT_EQ(replies[0].filter, orders_);
  EXPECT_EQ(replies[0].count, 4U);
  EXPECT_DOUBLE_EQ(replies[0].per_second, 2);
}

TEST_F(SamplesTest, GaugesShowTheStateOfAnUpstream) {
  cells_.gauge(upstream::upstreamEndpointsKey(users_, upstream::EndpointState::kHealthy)).set(3);
  cells_.gauge(upstream::upstreamEndpointsKey(users_, upstream::EndpointState::kUnhealthy)).set(1);
  cells_.gauge(upstream::upstreamConnectionsActiveKey(users_)).set(7);
  take(0ms);
  EXPECT_EQ(samples_.gauges(users_).healthy, 3);
  EXPECT_EQ(samples_.gauges(users_).unhealthy, 1);
  EXPECT_EQ(samples_.gauges(users_).connections, 7);
  EXPECT_EQ(samples_.gauges(orders_).healthy, 0);
}

TEST_F(SamplesTest, HandshakesOfMutualTlsHaveAPeer) {
  cells_
      .counter(tls::mtlsConnectionsKey(tls::Direction::kInbound, users_, tls::MtlsResult::kFailed))
      .add(3);
  take(0ms);
  ASSERT_EQ(samples_.handshakes().size(), 1U);
  EXPECT_EQ(samples_.handshakes()[0].peer, users_);
  EXPECT_TRUE(samples_.handshakes()[0].inbound);
  EXPECT_FALSE(samples_.handshakes()[0].accepted);
  EXPECT_EQ(samples_.handshakes()[0].count, 3U);
}

}  // namespace
}  // namespace weir::dashboard
