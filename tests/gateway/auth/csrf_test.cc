#include "gateway/auth/csrf.h"

#include <string>

#include <gtest/gtest.h>

#include "gateway/auth/csrf_metrics.h"
#include "tests/support/filter_bench.h"

namespace weir::gateway {
namespace {

using test::FilterBench;

// The host of the requests is shop.test.
int statusOf(FilterBench& bench, const FilterBench::Headers& headers) {
  return bench.post("x", headers).status;
}

TEST(Csrf, AsksTheBrowserWhereAPageComesFrom) {
  FilterBench bench("csrf", "");
  EXPECT_EQ(statusOf(bench, {{"sec-fetch-site", "same-origin"}}), 200);
  EXPECT_EQ(statusOf(bench, {{"sec-fetch-site", "none"}}), 200);
  EXPECT_EQ(statusOf(bench, {{"sec-fetch-site", "same-site"}}), 403);
  EXPECT_EQ(statusOf(bench, {{"sec-fetch-site", "cross-site"}}), 403);
  EXPECT_EQ(statusOf(bench, {{"sec-fetch-site", "cross-site"}, {"origin", "http://shop.test"}}),
            403);
  EXPECT_EQ(statusOf(bench, {{"sec-fetch-site", "none"}, {"sec-fetch-site", "cross-site"}}), 403);
}

TEST(Csrf, ComparesTheOriginsOfOlderBrowsers) {
  FilterBench bench("csrf", "");
  EXPECT_EQ(statusOf(bench, {{"origin", "http://shop.test"}}), 200);
  EXPECT_EQ(statusOf(bench, {{"origin", "https://SHOP.test:443"}}), 200);
  EXPECT_EQ(statusOf(bench, {{"origin", "http://shop.test:8080"}}), 403);
  EXPECT_EQ(statusOf(bench, {{"origin", "http://evil.test"}}), 403);
  EXPECT_EQ(statusOf(bench, {{"origin", "http://shop.test.evil.test"}}), 403);
  EXPECT_EQ(statusOf(bench, {{"origin", "null"}}), 403);
  EXPECT_EQ(statusOf(bench, {}), 200);
}

TEST(Csrf, LetsSafeMethodsPass) {
  FilterBench bench("csrf", "");
  EXPECT_EQ(bench.get("/", {{"sec-fetch-site", "cross-site"}}).status, 200);
  bench.begin("QUERY / HTTP/1.1\r\nHost: shop.test\r\nSec-Fetch-Site: cross-site\r\n\r\n");
  const test::BenchMessage reply = bench.reply();
  EXPECT_EQ(reply.status, 403);
  EXPECT_EQ(reply.reason, "authz_denied");
}

TEST(Csrf, TrustsListedOrigins) {
  FilterBench bench("csrf", "trusted_origins = ['https://pay.test', 'https://*.shop.test']");
  EXPECT_EQ(statusOf(bench, {{"sec-fetch-site", "cross-site"}, {"origin", "https://pay.test"}}),
            200);
  EXPECT_EQ(statusOf(bench, {{"origin", "https://a.shop.test"}}), 200);
  EXPECT_EQ(statusOf(bench, {{"sec-fetch-site", "cross-site"}, {"origin", "http://pay.test"}}),
            403);
}

TEST(Csrf, HasAShadowMode) {
  FilterBench bench("csrf", "mode = 'shadow'");
  EXPECT_EQ(statusOf(bench, {{"sec-fetch-site", "cross-site"}}), 200);
  EXPECT_EQ(bench.counted(csrfKey(CsrfDecision::kShadowDeny)), 1U);
  EXPECT_EQ(bench.counted(csrfKey(CsrfDecision::kAllow)), 0U);
}

}  // namespace
}  // namespace weir::gateway
