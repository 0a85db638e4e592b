#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/number.h"
#include "gateway/limit/metrics.h"
#include "gateway/limit/rate_limit.h"
#include "tests/support/filter_bench.h"

// Plans, quotas, delays, statuses and partial enforcement.
namespace weir::gateway {
namespace {

using test::BenchMessage;
using test::FilterBench;
using ::testing::HasSubstr;

int admitted(FilterBench& bench, int attempts, const FilterBench::Headers& headers = {}) {
  int allowed = 0;
  for (int i = 0; i < attempts; ++i) allowed += bench.get("/", headers).status != 429 ? 1 : 0;
  return allowed;
}

FilterBench::Headers caller(std::string_view name, std::string_view plan) {
  return {{"x-user", std::string(name)}, {"x-plan", std::string(plan)}};
}

constexpr std::string_view kPlans =
    "name = 'api', key = ['header:x-user'], rate = '1/m', plan = 'request.headers[\"x-plan\"]', "
    "limits = { gold = { rate = '100/s', burst = 7 }, silver = '3/s' }";

TEST(RateLimitPlans, EachPlanHasItsLimit) {
  FilterBench bench("rate_limit", kPlans);
  EXPECT_EQ(admitted(bench, 9, caller("ann", "gold")), 7);
  EXPECT_EQ(admitted(bench, 9, caller("bob", "silver")), 3);
  EXPECT_EQ(admitted(bench, 9, caller("cat", "bronze")), 1);
  EXPECT_EQ(admitted(bench, 9, {{"x-user", "dan"}}), 1);
}

TEST(RateLimitPlans, AResponseNamesThePlan) {
  FilterBench bench("rate_limit", kPlans);
  const BenchMessage gold = bench.get("/", caller("ann", "gold"));
  EXPECT_EQ(gold.header("ratelimit-policy"), "\"api-gold\";q=100;w=1");
  EXPECT_EQ(gold.header("ratelimit"), "\"api-gold\";r=6;t=1");
  EXPECT_EQ(bench.get("/", caller("bob", "")).header("ratelimit-policy"), "\"api\";q=1;w=60");
}

TEST(RateLimitPlans, ACallerWhosePlanChangesKeepsWhatItHasUsed) {
  FilterBench bench("rate_limit", kPlans);
  EXPECT_EQ(admitted(bench, 9, caller("ann", "silver")), 3);
  // One second of 70 ms at 100/s is missing: the bucket of gold is empty, too.
  EXPECT_EQ(admitted(bench, 1, caller("ann", "gold")), 0);
  bench.pass(Milliseconds(1'000));
  EXPECT_EQ(admitted(bench, 9, caller("ann", "gold")), 7);
}

TEST(RateLimitQuota, IsUsedUpUntilTheEndOfItsPeriod) {
  FilterBench bench("rate_limit", "name = 'api', quota = '3/month'");
  const BenchMessage first = bench.get();
  EXPECT_EQ(first.header("ratelimit-policy"), "\"api\";q=3;w=2592000");
  EXPECT_THAT(first.header("ratelimit"), HasSubstr("\"api\";r=2;t="));
  EXPECT_EQ(admitted(bench, 9), 2);
  bench.pass(std::chrono::minutes(5));
  const BenchMessage refused = bench.get();
  EXPECT_EQ(refused.status, 429);
  const auto wait = parseNumber<std::int64_t>(refused.header("retry-after")).value_or(0);
  const QuotaWindow window = QuotaWindow::at(Quota::Period::kMonth, wallClockNow());
  EXPECT_NEAR(static_cast<double>(wait), std::chrono::duration<double>(window.left).count(), 60);
  bench.from("203.0.113.99");
  EXPECT_EQ(admitted(bench, 9), 3);
}

TEST(RateLimitQuota, AndARateMayBothApply) {
  FilterBench bench("rate_limit",
                    "rules = [{ quota = '5/month', key = [] }, { rate = '1/s', burst = 2 }]");
  EXPECT_EQ(admitted(bench, 9), 2);
  bench.pass(Milliseconds(10'000));
  EXPECT_EQ(admitted(bench, 9), 2);
  bench.pass(Milliseconds(10'000));
  EXPECT_EQ(admitted(bench, 9), 1);
}

TEST(RateLimitQuota, MayDependOnThePlan) {
  FilterBench bench("rate_limit",
                    "key = [], quota = '1/month', plan = 'request.headers[\"x-plan\"]', "
                    "limits = { gold = { quota = '4/month' } }");
  EXPECT_EQ(admitted(bench, 2), 1);
  EXPECT_EQ(admitted(bench, 9, caller("ann", "gold")), 3);
}

TEST(RateLimitDelay, ARequestOverTheRateWaits) {
  FilterBench bench("rate_limit", "name = 'api', rate = '10/s', burst = 1, delay = '250ms'");
  EXPECT_EQ(bench.get().status, 200);
  bench.begin("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  EXPECT_EQ(bench.reply().status, 0);
  bench.pass(Milliseconds(96));
  EXPECT_EQ(bench.reply().status, 0);
  bench.pass(Milliseconds(8));
  EXPECT_EQ(bench.reply().status, 200);
  EXPECT_EQ(bench.counted(limitDecisionsKey(bench.nameId("api"), LimitDecision::kDelay)), 1U);
}

TEST(RateLimitDelay, ARequestThatWouldWaitLongerIsRefused) {
  FilterBench bench("rate_limit", "rate = '10/s', burst = 1, delay = '250ms'");
  EXPECT_EQ(bench.get().status, 200);
  EXPECT_EQ(bench.get().status, 0);  // waits for 100 ms
  EXPECT_EQ(bench.get().status, 0);  // 200 ms
  const BenchMessage refused = bench.get();
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.header("ratelimit"), "\"default\";r=0;t=1");
  bench.pass(Milliseconds(300));
  EXPECT_EQ(bench.seen().size(), 3U);
}

TEST(RateLimitDelay, TheNumberOfWaitingRequestsIsLimited) {
  FilterBench bench("rate_limit", "rate = '10/s', burst = 1, delay = '10s', max_delayed = 2");
  EXPECT_EQ(bench.get().status, 200);
  EXPECT_EQ(bench.get().status, 0);
  EXPECT_EQ(bench.get().status, 0);
  EXPECT_EQ(bench.get().status, 429);
  // A refused request takes nothing, and a waiting one whose client leaves makes room.
  bench.begin("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  EXPECT_EQ(bench.reply().status, 429);
  bench.pass(Milliseconds(104));
  EXPECT_EQ(bench.get().status, 0);
  bench.pass(Milliseconds(1'000));
  EXPECT_EQ(bench.seen().size(), 4U);
}

TEST(RateLimitStatuses, OnlyResponsesWithTheStatusesCount) {
  FilterBench bench("rate_limit", "rate = '1/m', burst = 2, count_statuses = [401, 403]");
  EXPECT_EQ(admitted(bench, 5), 5);
  bench.answer("", {}, 401);
  EXPECT_EQ(admitted(bench, 5), 2);
  bench.answer("");
  EXPECT_EQ(bench.get().status, 429);
  bench.pass(Milliseconds(60'000));
  EXPECT_EQ(admitted(bench, 3), 3);
}

TEST(RateLimitStatuses, RefusalsOfOtherFiltersCount) {
  FilterBench bench(
      "[{ rate_limit = { rate = '1/m', burst = 2, count_statuses = [403] } }, "
      "{ address_list = { allow = ['10.0.0.0/8'] } }]");
  EXPECT_EQ(bench.get().status, 403);
  EXPECT_EQ(bench.get().status, 403);
  EXPECT_EQ(bench.get().status, 429);
}

TEST(RateLimitEnforce, OnlyAShareOfTheRefusalsIsEnforced) {
  FilterBench bench("rate_limit", "name = 'api', rate = '1/d', enforce = '30%'");
  constexpr int kAttempts = 1'000;
  const int refused = kAttempts - admitted(bench, kAttempts);
  EXPECT_NEAR(refused, 300, 75);  // more than 5 standard deviations
  const NameId api = bench.nameId("api");
  EXPECT_EQ(bench.counted(limitDecisionsKey(api, LimitDecision::kDeny)),
            static_cast<unsigned>(refused));
  EXPECT_EQ(bench.counted(limitDecisionsKey(api, LimitDecision::kShadowDeny)),
            static_cast<unsigned>(kAttempts - 1 - refused));
  FilterBench none("rate_limit", "rate = '1/d', enforce = '0%'");
  EXPECT_EQ(admitted(none, 20), 20);
}

}  // namespace
}  // namespace weir::gateway
