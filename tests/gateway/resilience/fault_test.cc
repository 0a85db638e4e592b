#include "gateway/resilience/fault.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/filter_bench.h"

namespace weir::gateway {
namespace {

using test::BenchMessage;
using test::FilterBench;

constexpr std::string_view kHead = "GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n";

TEST(Fault, DoesNothingByDefault) {
  FilterBench bench("fault", "");
  EXPECT_EQ(bench.get().status, 200);
}

TEST(Fault, Aborts) {
  FilterBench bench("fault", "abort = { status = 503 }");
  const BenchMessage reply = bench.get();
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.reason, "fault_abort");
  EXPECT_EQ(bench.replies("fault", 503, Reason::kFaultAbort), 1U);
  EXPECT_TRUE(bench.seen().empty());
}

TEST(Fault, AbortsCallsWithAGrpcStatus) {
  FilterBench bench("fault", "abort = { grpc_status = 8 }");
  const BenchMessage reply = bench.post("", {{"content-type", "application/grpc"}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("grpc-status"), "8");
}

TEST(Fault, Delays) {
  FilterBench bench("fault", "delay = { fixed = '2s' }");
  bench.begin(kHead);
  bench.pass(Milliseconds(1'900));
  EXPECT_TRUE(bench.seen().empty());
  bench.pass(Milliseconds(200));
  EXPECT_EQ(bench.reply().status, 200);
}

TEST(Fault, AbortsAfterTheDelay) {
  FilterBench bench("fault", "delay = { fixed = '2s' }, abort = { status = 429 }");
  bench.begin(kHead);
  bench.pass(Milliseconds(1'900));
  EXPECT_EQ(bench.reply().raw, "");
  bench.pass(Milliseconds(200));
  EXPECT_EQ(bench.reply().status, 429);
  EXPECT_TRUE(bench.seen().empty());
}

TEST(Fault, AffectsAShareOfTheRequests) {
  FilterBench bench("fault", "abort = { status = 503, percent = 25 }");
  int aborted = 0;
  for (int i = 0; i < 400; ++i) aborted += bench.get().status == 503 ? 1 : 0;
  EXPECT_GT(aborted, 50);
  EXPECT_LT(aborted, 150);
}

TEST(Fault, NeedsTheHeaders) {
  FilterBench bench("fault", "abort = { status = 503 }, headers = { x-test = 'yes' }");
  EXPECT_EQ(bench.get().status, 200);
  EXPECT_EQ(bench.get("/", {{"X-Test", "no"}}).status, 200);
  EXPECT_EQ(bench.get("/", {{"X-Test", "yes"}}).status, 503);
}

TEST(Fault, Expires) {
  FilterBench past("fault", "abort = { status = 503 }, until = '2020-01-01T00:00:00Z'");
  EXPECT_EQ(past.get().status, 200);
  FilterBench future("fault", "abort = { status = 503 }, until = '2120-01-01T00:00:00Z'");
  EXPECT_EQ(future.get().status, 503);
}

TEST(Fault, DelaysALimitedNumber) {
  FilterBench bench("fault", "delay = { fixed = '2s' }, max_active = 1");
  bench.begin(kHead);
  EXPECT_EQ(bench.reply().raw, "");
  EXPECT_EQ(bench.get().status, 200);
  bench.pass(Milliseconds(2'100));
  bench.begin(kHead);
  EXPECT_EQ(bench.reply().raw, "");
}

}  // namespace
}  // namespace weir::gateway
