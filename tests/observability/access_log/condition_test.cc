#include "observability/access_log/condition.h"

#include <string_view>

#include <gtest/gtest.h>

#include "tests/observability/access_log/sample_record.h"

namespace weir::access_log {
namespace {

struct ConditionBench {
  SampleRecord sample;
  BlockPool pool{4096};
  Arena arena{pool};

  bool holds(std::string_view text) {
    expr::Mistake mistake;
    const auto condition = Condition::parse(text, mistake);
    EXPECT_TRUE(condition.has_value()) << text << ": " << mistake.what;
    return condition && access_log::holds(*condition, sample.record, arena);
  }
};

TEST(Condition, HoldsForAllIfThereIsNone) {
  const SampleRecord sample;
  BlockPool pool(4096);
  Arena arena(pool);
  EXPECT_TRUE(holds(Condition(), sample.record, arena));
}

TEST(Condition, KnowsTheRequest) {
  ConditionBench bench;
  EXPECT_TRUE(bench.holds("request.method == 'POST' && request.scheme == 'https'"));
  EXPECT_TRUE(bench.holds("request.host == 'api.example.com'"));
  EXPECT_TRUE(bench.holds("request.path.matches('^/orders/[0-9]+$')"));
  EXPECT_TRUE(bench.holds("request.query.full == '1' && !has(request.query.page)"));
  EXPECT_TRUE(bench.holds("request.protocol == 'HTTP/1.1' && request.id == '0192-abc'"));
  EXPECT_TRUE(bench.holds("request.size == 12"));
  EXPECT_TRUE(bench.holds("request.time > timestamp('2023-11-14T22:13:20Z')"));
  EXPECT_TRUE(bench.holds("request.headers['user-agent'].startsWith('curl/')"));
  EXPECT_TRUE(bench.holds("request.headers['X-TENANT'] == 'blue, green'"));
  EXPECT_TRUE(bench.holds("request.header_values('x-tenant') == ['blue', 'green']"));
  EXPECT_TRUE(bench.holds("request.header_values('cookie') == []"));
  EXPECT_FALSE(bench.holds("request.headers['cookie'] == ''"));
}

TEST(Condition, KnowsTheResponse) {
  ConditionBench bench;
  EXPECT_TRUE(bench.holds("response.status >= 500 && response.status != 504"));
  EXPECT_TRUE(bench.holds("response.duration == duration('2.5ms')"));
  EXPECT_TRUE(bench.holds("response.reason == 'upstream_timeout'"));
  EXPECT_TRUE(bench.holds("response.size > 3000"));
  EXPECT_TRUE(bench.holds("response.headers['content-type'] == 'text/plain'"));
  EXPECT_FALSE(bench.holds("has(response.grpc_status)"));
  bench.sample.record.grpc_status = "14";
  EXPECT_TRUE(bench.holds("response.grpc_status == 14"));
}

TEST(Condition, KnowsTheNamesOfTheConfiguration) {
  ConditionBench bench;
  EXPECT_TRUE(bench.holds("listener.name == 'public' && route.name == 'orders'"));
  EXPECT_TRUE(bench.holds("upstream.name == 'orders-v1' && upstream.attempts == 2"));
  EXPECT_TRUE(bench.holds("upstream.endpoint == '10.0.0.7:8080'"));
  bench.sample.record.client_address = "203.0.113.9";
  EXPECT_TRUE(bench.holds("cidr(client.address, '203.0.113.0/24')"));
  EXPECT_FALSE(bench.holds("has(client.identity) || has(upstream.identity)"));
}

TEST(Condition, DoesNotHoldIfAValueIsMissing) {
  ConditionBench bench;
  bench.sample.record = http::ExchangeRecord();
  bench.sample.record.transport = http::kTlsTransport;
  EXPECT_FALSE(bench.holds("response.status >= 500"));
  EXPECT_FALSE(bench.holds("!(response.status >= 500)"));
  EXPECT_FALSE(bench.holds("request.method != 'GET'"));
  EXPECT_FALSE(bench.holds("request.headers['host'] == 'a'"));
  EXPECT_FALSE(bench.holds("response.reason == 'no_route'"));
  EXPECT_FALSE(bench.holds("response.duration > duration('0')"));
  EXPECT_TRUE(bench.holds("response.status >= 500 || request.protocol == 'TLS'"));
}

}  // namespace
}  // namespace weir::access_log
