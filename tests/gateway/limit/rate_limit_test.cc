#include "gateway/limit/rate_limit.h"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config/document.h"
#include "core/config/settings.h"
#include "gateway/limit/metrics.h"
#include "tests/support/filter_bench.h"

namespace weir::gateway {
namespace {

using test::BenchMessage;
using test::FilterBench;
using ::testing::HasSubstr;

int allowedOf(FilterBench& bench, int attempts, const FilterBench::Headers& headers = {}) {
  int allowed = 0;
  for (int i = 0; i < attempts; ++i) allowed += bench.get("/", headers).status == 200 ? 1 : 0;
  return allowed;
}

TEST(RateLimit, AllowsTheBurstAndThenTheRate) {
  FilterBench bench("rate_limit", "rate = '10/s', burst = 3");
  EXPECT_EQ(allowedOf(bench, 10), 3);
  bench.pass(Milliseconds(100));
  EXPECT_EQ(allowedOf(bench, 10), 1);
  bench.pass(Milliseconds(200));
  EXPECT_EQ(allowedOf(bench, 10), 2);
  EXPECT_EQ(bench.seen().size(), 6U);
}

TEST(RateLimit, TheBurstIsOneSecondByDefault) {
  FilterBench bench("rate_limit", "rate = '5/s'");
  EXPECT_EQ(allowedOf(bench, 10), 5);
  FilterBench slow("rate_limit", "rate = '5/m'");
  EXPECT_EQ(allowedOf(slow, 10), 1);
}

TEST(RateLimit, ARefusalSaysWhenToTryAgain) {
  FilterBench bench("rate_limit", "rate = '6/m', name = 'orders'");
  EXPECT_EQ(bench.get().status, 200);
  bench.pass(Milliseconds(1'500));
  const BenchMessage refused = bench.get();
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.reason, "rate_limited");
  EXPECT_EQ(refused.header("retry-after"), "9");
  EXPECT_EQ(refused.header("ratelimit-policy"), "\"orders\";q=6;w=60");
  EXPECT_EQ(refused.header("ratelimit"), "\"orders\";r=0;t=9");
  EXPECT_EQ(refused.header("content-type"), "application/problem+json");
  EXPECT_EQ(refused.body,
            "{\"type\":\"https://iana.org/assignments/http-problem-types#quota-exceeded\","
            "\"title\":\"Request cannot be satisfied as assigned quota has been exceeded\","
            "\"status\":429,\"violated-policies\":[\"orders\"]}\n");
  EXPECT_EQ(bench.replies("rate_limit", 429, Reason::kRateLimited), 1U);
  EXPECT_EQ(bench.loggedReason(), Reason::kRateLimited);
}

TEST(RateLimit, AResponseTellsWhatRemains) {
  FilterBench bench("rate_limit", "rate = '2/s', burst = 10");
  const BenchMessage reply = bench.get();
  EXPECT_EQ(reply.header("ratelimit-policy"), "\"default\";q=2;w=1");
  EXPECT_EQ(reply.header("ratelimit"), "\"default\";r=9;t=1");
  EXPECT_EQ(reply.header("x-ratelimit-limit"), "");
  EXPECT_EQ(reply.header("retry-after"), "");
}

TEST(RateLimit, HasOlderHeadersOnRequest) {
  FilterBench bench("rate_limit", "rate = '2/s', burst = 10, headers = 'legacy'");
  const BenchMessage reply = bench.get();
  EXPECT_EQ(reply.header("x-ratelimit-limit"), "2");
  EXPECT_EQ(reply.header("x-ratelimit-remaining"), "9");
  EXPECT_EQ(reply.header("x-ratelimit-reset"), "1");
  EXPECT_EQ(reply.header("ratelimit"), "");
  FilterBench both("rate_limit", "rate = '2/s', burst = 10, headers = 'both'");
  EXPECT_EQ(both.get().header("x-ratelimit-remaining"), "9");
  EXPECT_EQ(both.get().header("ratelimit"), "\"default\";r=8;t=1");
  FilterBench off("rate_limit", "rate = '2/s', headers = 'off'");
  EXPECT_THAT(off.get().raw, Not(HasSubstr("atelimit")));
}

TEST(RateLimit, ARedirectHasNoFields) {
  FilterBench bench("rate_limit", "rate = '2/s'");
  bench.answer("", {{"location", "/next"}}, 302);
  EXPECT_EQ(bench.get().header("ratelimit"), "");
  bench.answer("", {}, 500);
  EXPECT_EQ(bench.get().header("ratelimit"), "\"default\";r=0;t=1");
}

TEST(RateLimit, CallsAreRefusedWithResourceExhausted) {
  FilterBench bench("rate_limit", "rate = '2/s', burst = 1");
  const FilterBench::Headers call = {{"content-type", "application/grpc"}};
  EXPECT_EQ(bench.post("", call).header("grpc-status"), "");
  bench.pass(Milliseconds(100));
  const BenchMessage refused = bench.post("", call);
  EXPECT_EQ(refused.status, 200);
  EXPECT_EQ(refused.header("grpc-status"), "8");
  EXPECT_EQ(refused.header("grpc-retry-pushback-ms"), "400");
  EXPECT_EQ(refused.header("retry-after"), "1");
}

TEST(RateLimit, ClientsAreDistinguishedByAddress) {
  FilterBench bench("rate_limit", "rate = '1/m'");
  for (const char* address : {"203.0.113.7", "203.0.113.8", "2001:db8:0:1::1", "2001:db8:0:2::1"}) {
    bench.from(address);
    EXPECT_EQ(allowedOf(bench, 3), 1) << address;
  }
  // The same /64.
  bench.from("2001:db8:0:1:ffff::9");
  EXPECT_EQ(allowedOf(bench, 3), 0);
}

TEST(RateLimit, PrefixesMayBeShorter) {
  FilterBench bench("rate_limit", "rate = '1/m', prefix4 = 20, prefix6 = 48");
  for (const char* address : {"10.0.16.1", "10.0.32.1", "2001:db8:1:1::1", "2001:db8:2:1::1"}) {
    bench.from(address);
    EXPECT_EQ(allowedOf(bench, 3), 1) << address;
  }
  for (const char* address : {"10.0.31.255", "10.0.47.0", "2001:db8:1:ffff::1"}) {
    bench.from(address);
    EXPECT_EQ(allowedOf(bench, 3), 0) << address;
  }
}

TEST(RateLimit, ClientsOfUnixSocketsShareTheLimit) {
  FilterBench bench("rate_limit", "rate = '1/m'");
  bench.from("unix:/run/a.sock");
  EXPECT_EQ(allowedOf(bench, 3), 1);
}

TEST(RateLimit, CallersAreDistinguishedByHeaderCookieAndMethod) {
  FilterBench bench("rate_limit",
                    "rate = '1/m', key = ['header:X-Tenant', 'cookie:session', 'method']");
  const auto allowed = [&](std::string_view tenant, std::string_view session) {
    return allowedOf(
        bench, 3, {{"x-tenant", std::string(tenant)}, {"cookie", "a=1; " + std::string(session)}});
  };
  EXPECT_EQ(allowed("red", "session=1"), 1);
  EXPECT_EQ(allowed("red", "session=1"), 0);
  EXPECT_EQ(allowed("blue", "session=1"), 1);
  EXPECT_EQ(allowed("red", "session=2"), 1);
  EXPECT_EQ(allowed("red", "sessions=1"), 1);
  EXPECT_EQ(allowed("red", "b"), 0);  // also without the cookie
  EXPECT_EQ(bench.post("", {{"x-tenant", "red"}, {"cookie", "session=1"}}).status, 200);
}

TEST(RateLimit, PartsOfAKeyAreNotConfused) {
  FilterBench bench("rate_limit", "rate = '1/m', key = ['header:a', 'header:b']");
  EXPECT_EQ(allowedOf(bench, 2, {{"a", "x"}, {"b", "y"}}), 1);
  EXPECT_EQ(allowedOf(bench, 2, {{"a", "y"}, {"b", "x"}}), 1);
  EXPECT_EQ(allowedOf(bench, 2, {{"a", "xy"}, {"b", ""}}), 1);
  EXPECT_EQ(allowedOf(bench, 2, {{"a", ""}, {"b", "xy"}}), 1);
  EXPECT_EQ(allowedOf(bench, 2, {{"a", "xy"}}), 1);
}

TEST(RateLimit, WithoutAKeyAllRequestsShareTheLimit) {
  FilterBench bench("rate_limit", "rate = '2/m', key = [], burst = 2");
  EXPECT_EQ(bench.get().status, 200);
  bench.from("203.0.113.99");
  EXPECT_EQ(allowedOf(bench, 3), 1);
}

TEST(RateLimit, ARequestWithoutTheKeySharesALimitByDefault) {
  FilterBench bench("rate_limit", "rate = '1/m', key = ['header:x-user']");
  EXPECT_EQ(allowedOf(bench, 3), 1);
  bench.from("203.0.113.99");
  EXPECT_EQ(allowedOf(bench, 3), 0);
  EXPECT_EQ(allowedOf(bench, 3, {{"x-user", "ann"}}), 1);
}

TEST(RateLimit, ARequestWithoutTheKeyMayBeUnlimitedOrRefused) {
  FilterBench skip("rate_limit", "rate = '1/m', key = ['header:x-user'], missing = 'skip'");
  EXPECT_EQ(allowedOf(skip, 3), 3);
  EXPECT_EQ(skip.get().header("ratelimit"), "");
  FilterBench deny("rate_limit", "rate = '1/m', key = ['header:x-user'], missing = 'deny'");
  const BenchMessage refused = deny.get();
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.header("retry-after"), "");
  EXPECT_EQ(allowedOf(deny, 3, {{"x-user", "ann"}}), 1);
}

TEST(RateLimit, AllRulesMustAllowARequest) {
  FilterBench bench("rate_limit",
                    "name = 'api', rules = [{ rate = '100/s', burst = 4, key = [] }, "
                    "{ rate = '1/m', burst = 3 }]");
  EXPECT_EQ(allowedOf(bench, 10), 3);
  const BenchMessage refused = bench.get();
  EXPECT_EQ(refused.header("ratelimit-policy"), "\"api-1\";q=100;w=1, \"api-2\";q=1;w=60");
  // What the second rule refuses is not taken from the first one.
  EXPECT_EQ(refused.header("ratelimit"), "\"api-2\";r=0;t=60, \"api-1\";r=1;t=1");
  EXPECT_THAT(refused.body, HasSubstr("\"violated-policies\":[\"api-2\"]"));
  bench.from("203.0.113.99");
  EXPECT_EQ(allowedOf(bench, 10), 1);
}

TEST(RateLimit, ShadowModeOnlyCounts) {
  FilterBench bench("rate_limit", "rate = '1/m', name = 'api', mode = 'shadow'");
  EXPECT_EQ(allowedOf(bench, 5), 5);
  EXPECT_EQ(bench.get().header("ratelimit"), "");
  EXPECT_EQ(bench.counted(limitDecisionsKey(bench.nameId("api"), LimitDecision::kAllow)), 1U);
  EXPECT_EQ(bench.counted(limitDecisionsKey(bench.nameId("api"), LimitDecision::kShadowDeny)), 5U);
  EXPECT_EQ(bench.counted(limitDecisionsKey(bench.nameId("api"), LimitDecision::kDeny)), 0U);
}

TEST(RateLimit, SomeClientsAreNotLimited) {
  FilterBench bench("rate_limit", "rate = '1/m', skip = ['10.0.0.0/8']");
  bench.from("10.1.2.3");
  EXPECT_EQ(allowedOf(bench, 3), 3);
  bench.from("11.1.2.3");
  EXPECT_EQ(allowedOf(bench, 3), 1);
}

TEST(RateLimit, CountsItsDecisions) {
  FilterBench bench("rate_limit", "rate = '2/m', burst = 2");
  allowedOf(bench, 5);
  const NameId id = bench.nameId("default");
  EXPECT_EQ(bench.counted(limitDecisionsKey(id, LimitDecision::kAllow)), 2U);
  EXPECT_EQ(bench.counted(limitDecisionsKey(id, LimitDecision::kDeny)), 3U);
  EXPECT_EQ(bench.counted(limitEvictionsKey(id)), 0U);
  EXPECT_EQ(bench.measured(limitKeysKey(id)), 0);
  bench.pass(Milliseconds(10'000));
  EXPECT_EQ(bench.measured(limitKeysKey(id)), 1);
  bench.pass(Milliseconds(60'000));
  EXPECT_EQ(bench.measured(limitKeysKey(id)), 0);
}

TEST(RateLimit, CountsForgottenKeys) {
  FilterBench bench("rate_limit", "rate = '1/m', max_keys = 8");
  for (int i = 1; i <= 12; ++i) {
    bench.from("203.0.113." + std::to_string(i));
    EXPECT_EQ(bench.get().status, 200);
  }
  EXPECT_EQ(bench.counted(limitEvictionsKey(bench.nameId("default"))), 4U);
}

TEST(RateLimit, LimitsRequestsInFlight) {
  FilterBench bench("rate_limit", "in_flight = 2");
  bench.answerRaw("");
  bench.begin("GET /1 HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  bench.begin("GET /2 HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  EXPECT_EQ(bench.seen().size(), 2U);
  const BenchMessage refused = bench.get("/3");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.header("ratelimit-policy"), "\"default\";q=2;qu=\"concurrent-requests\"");
  EXPECT_EQ(refused.header("ratelimit"), "\"default\";r=0");
  EXPECT_EQ(refused.header("retry-after"), "");
  bench.from("203.0.113.99");
  bench.answer("hello");
  EXPECT_EQ(bench.get().header("ratelimit"), "\"default\";r=1");
}

TEST(RateLimit, ARequestInFlightEndsWithItsExchange) {
  FilterBench bench("rate_limit", "in_flight = 1");
  EXPECT_EQ(allowedOf(bench, 5), 5);
  bench.answerRaw("");
  bench.begin("GET /1 HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  EXPECT_EQ(bench.get().status, 429);
  EXPECT_EQ(bench.get().status, 429);
}

TEST(RateLimit, ARefusedRequestOccupiesNoPlace) {
  FilterBench bench("rate_limit", "rules = [{ in_flight = 1 }, { rate = '1/m', burst = 2 }]");
  EXPECT_EQ(allowedOf(bench, 5), 2);
  bench.pass(Milliseconds(60'000));
  EXPECT_EQ(allowedOf(bench, 5), 1);
}

struct Wrong {
  std::string_view settings;
  std::string_view what;
};

class WrongRateLimit : public testing::TestWithParam<Wrong> {};

TEST_P(WrongRateLimit, IsRefused) {
  config::Extensions extensions;
  filter::Registry registry(extensions);
  addFilters(registry);
  config::Diagnostics diagnostics;
  const std::string text =
      "filter = { rate_limit = { " + std::string(GetParam().settings) + " } }\n";
  struct File {
    config::Selected filter;
    static void read(config::Table& table, File& out) {
      table.read("filter", out.filter, table.kinds("filter"), "");
    }
  } file;
  auto document = config::Document::parse(text, "test.toml", diagnostics);
  config::readSettings(document, extensions, file, diagnostics);
  EXPECT_THAT(diagnostics.text(), HasSubstr(GetParam().what));
  EXPECT_EQ(diagnostics.size(), 1U) << diagnostics.text();  // nothing follows from the mistake
}

INSTANTIATE_TEST_SUITE_P(
    RateLimit, WrongRateLimit,
    testing::Values(
        Wrong{"", "test.toml:1:25: filter.rate_limit: "},
        Wrong{"rate = '0/s'", "test.toml:1:34: filter.rate_limit.rate: "},
        Wrong{"rate = 'fast'", "expected a rate such as \"100/s\""},
        Wrong{"rate = '2000000/s'", "filter.rate_limit.rate: "},
        Wrong{"rate = '1/s', burst = 0", "filter.rate_limit.burst: "},
        Wrong{"rate = '1/d', burst = 1000", "filter.rate_limit.burst: takes more than a year"},
        Wrong{"rate = '1/s', in_flight = 2", "filter.rate_limit"},
        Wrong{"rate = '2/x', burst = 3", "filter.rate_limit.rate: expected a rate"},
        Wrong{"in_flight = 2, burst = 3", "filter.rate_limit.burst: only applies to a rate"},
        Wrong{"in_flight = 2, cost = '3'", "filter.rate_limit.cost: only applies to a rate"},
        Wrong{"rate = '1/s', key = ['client_adress']", "filter.rate_limit.key[0]: "},
        Wrong{"rate = '1/s', key = ['method', 'header:a b']",
              "test.toml:1:58: filter.rate_limit.key[1]: \"a b\" is not a name"},
        Wrong{"rate = '1/s', key = ['header:host']", "did you mean \"request.host\"?"},
        Wrong{"rate = '1/s', key = ['request.size()']", "filter.rate_limit.key[0]: "},
        Wrong{"rate = '1/s', cost = 5", "did you mean \"5\"?"},
        Wrong{"rate = '1/s', cost = 'request.path'", "filter.rate_limit.cost: "},
        Wrong{"rate = '1/s', prefix6 = 129", "filter.rate_limit.prefix6: "},
        Wrong{"rate = '1/s', name = 'a b'", "filter.rate_limit.name: may contain only"},
        Wrong{"rules = [{ rate = '1/s' }, { in_flight = 1 }], burst = 3",
              "filter.rate_limit.burst: belongs to the elements of `rules`"},
        Wrong{"rules = [{ rate = '1/s' }, {}]", "filter.rate_limit.rules[1]"},
        Wrong{"rate = '1/s', mode = 'off'", "filter.rate_limit.mode: "},
        Wrong{"rate = '1/s', redis = 'limits'", "filter.rate_limit.redis: needs a `name`"},
        Wrong{"rate = '1/s', name = 'x', redis = { upstream = 'limits', user = 'u' }",
              "filter.rate_limit.redis.user: needs a `password`"},
        Wrong{"rate = '1/s', name = 'x', redis = { upstream = 'limits', timeout = '1ms' }",
              "filter.rate_limit.redis.timeout: "},
        Wrong{"rate = '1/s', name = 'x', redis = { upstream = 'limits', accuracy = 'slow' }",
              "filter.rate_limit.redis.accuracy: "},
        Wrong{"rate = '1/s', name = 'x', redis = { upstream = 'limits', sentinel = {} }",
              "filter.rate_limit.redis.sentinel"},
        Wrong{"rate = '1/s', name = 'x', redis = { upstream = 'limits', "
              "sentinel = { primary = 'main', user = 'u' } }",
              "filter.rate_limit.redis.sentinel.user: needs a `password`"},
        Wrong{"rate = '1/s', name = 'x', redis = { upstream = 'limits', sentinel = 'main', "
              "cluster = true }",
              "filter.rate_limit.redis"},
        Wrong{"rate = '1/s', name = 'x', delay = '1s', "
              "redis = { upstream = 'limits', accuracy = 'fast' }",
              "cannot be combined with `delay` or `count_statuses`"},
        Wrong{"rate = '1/s', share = 'replicas'",
              "filter.rate_limit.share: `share = \"replicas\"` and `peers` belong together"},
        Wrong{"rate = '1/s', peers = 'weir'",
              "filter.rate_limit.peers: `share = \"replicas\"` and `peers` belong together"},
        Wrong{"rate = '1/s', share = 'replicas', peers = 'weir', name = 'x', redis = 'limits'",
              "filter.rate_limit"},
        Wrong{"quota = '5/year'", "filter.rate_limit.quota: expected a quota such as"},
        Wrong{"quota = '5/day', burst = 2", "filter.rate_limit.burst: only applies to a rate"},
        Wrong{"quota = '5/day', rate = '1/s'", "filter.rate_limit"},
        Wrong{"rate = '1/s', limits = { gold = '2/s' }", "`plan` and `limits` belong together"},
        Wrong{"rate = '1/s', plan = 'request.path', limits = { gold = { quota = '1/day' } }",
              "filter.rate_limit.limits: must be rates"},
        Wrong{"quota = '1/day', plan = 'request.path', limits = { gold = { quota = '9/hour' } }",
              "filter.rate_limit.limits: must be quotas for the period of `quota`"},
        Wrong{"rate = '1/s', delay = '1s', count_statuses = [401]",
              "filter.rate_limit.delay: cannot be combined with `count_statuses`"},
        Wrong{"rate = '1/s', count_statuses = [99]", "filter.rate_limit.count_statuses[0]: "},
        Wrong{"rate = '1/s', enforce = '101%'", "filter.rate_limit.enforce: "}));

}  // namespace
}  // namespace weir::gateway
