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

constexpr std::string_view kControlled = "header_control = true";
FilterBench::Headers abortWish() { return {{"x-weir-fault-abort", "503"}}; }

TEST(Fault, TrustedPeersMayAskForFaults) {
  FilterBench bench("fault", kControlled);
  bench.trustClients();
  EXPECT_EQ(bench.get().status, 200);
  EXPECT_EQ(bench.get("/", abortWish()).status, 503);
  EXPECT_EQ(bench.get("/", {{"X-Envoy-Fault-Abort-Request", "429"}}).status, 429);
  bench.begin("GET / HTTP/1.1\r\nHost: shop.test\r\nX-Weir-Fault-Delay: 2s\r\n\r\n");
  bench.pass(Milliseconds(1'900));
  EXPECT_EQ(bench.reply().raw, "");
  bench.pass(Milliseconds(200));
  EXPECT_EQ(bench.reply().status, 200);
  EXPECT_EQ(bench.seen().back().header("x-weir-fault-delay"), "") << "it is not forwarded";
  EXPECT_EQ(bench.counted(faultsInjectedKey(bench.nameId("all"), FaultKind::kAbort)), 2U);
  EXPECT_EQ(bench.counted(faultsInjectedKey(bench.nameId("all"), FaultKind::kDelay)), 1U);
}

TEST(Fault, OthersMayNotAskForFaults) {
  FilterBench bench("fault", kControlled);
  EXPECT_EQ(bench.get("/", abortWish()).status, 200);
  EXPECT_EQ(bench.get("/", {{"x-envoy-fault-abort-request", "503"}}).status, 200);
  EXPECT_EQ(bench.seen().front().header("x-weir-fault-abort"), "");
}

TEST(Fault, NorAnyoneWithoutTheSetting) {
  FilterBench bench("fault", "");
  bench.trustClients();
  EXPECT_EQ(bench.get("/", abortWish()).status, 200);
}

TEST(Fault, AHeaderCanOnlyLowerTheShare) {
  FilterBench bench("fault", "abort = { status = 503, percent = 0 }, header_control = true");
  bench.trustClients();
  EXPECT_EQ(
      bench.get("/", {{"x-weir-fault-abort", "503"}, {"x-weir-fault-abort-percent", "100"}}).status,
      200);
  FilterBench full("fault", "abort = { status = 503 }, header_control = true");
  full.trustClients();
  EXPECT_EQ(full.get("/", {{"x-weir-fault-abort-percent", "0"}}).status, 200);
  EXPECT_EQ(full.get().status, 503);
}

TEST(Fault, FaultsOfHeadersExpireToo) {
  FilterBench bench("fault", "header_control = true, until = '2020-01-01T00:00:00Z'");
  bench.trustClients();
  EXPECT_EQ(bench.get("/", abortWish()).status, 200);
}

TEST(Fault, InvalidWishesAreIgnored) {
  FilterBench bench("fault", kControlled);
  bench.trustClients();
  for (const char* text : {"", "200", "600", "-1", "all", "99999999999999999999"}) {
    EXPECT_EQ(bench.get("/", {{"x-weir-fault-abort", text}}).status, 200) << text;
  }
  for (const char* text : {"", "1", "0s", "11m", "-1s", "soon"}) {
    EXPECT_EQ(bench.get("/", {{"x-weir-fault-delay", text}}).status, 200) << text;
  }
}

TEST(Fault, AGrpcStatusMayBeAskedFor) {
  FilterBench bench("fault", kControlled);
  bench.trustClients();
  const BenchMessage reply = bench.post(
      "", {{"content-type", "application/grpc"}, {"x-envoy-fault-abort-grpc-request", "8"}});
  EXPECT_EQ(reply.header("grpc-status"), "8");
}

}  // namespace
}  // namespace weir::gateway
