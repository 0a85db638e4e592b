#include "gateway/auth/cors.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/filter_bench.h"

namespace weir::gateway {
namespace {

using test::BenchMessage;
using test::FilterBench;

// The settings of the conformance tests of the Gateway API.
constexpr const char* kListed =
    "origins = ['https://www.foo.com', 'https://*.bar.com'], methods = ['GET', 'OPTIONS'], "
    "headers = ['x-header-1', 'x-header-2'], expose_headers = ['x-header-3', 'x-header-4'], "
    "credentials = true, max_age = '1h'";

BenchMessage preflight(FilterBench& bench, const std::string& origin, const std::string& method,
                       const FilterBench::Headers& more = {}) {
  std::string head = "OPTIONS / HTTP/1.1\r\nHost: shop.test\r\nOrigin: " + origin +
                     "\r\nAccess-Control-Request-Method: " + method + "\r\n";
  for (const auto& [name, value] : more) head += name + ": " + value + "\r\n";
  bench.begin(head + "\r\n");
  return bench.reply();
}

TEST(Cors, AnswersPreflightsOfListedOrigins) {
  FilterBench bench("cors", kListed);
  for (const char* origin :
       {"https://www.foo.com", "https://www.bar.com", "https://xpto.www.bar.com"}) {
    const BenchMessage reply = preflight(
        bench, origin, "GET", {{"Access-Control-Request-Headers", "x-header-1, x-header-2"}});
    EXPECT_EQ(reply.status, 204);
    EXPECT_EQ(reply.body, "");
    EXPECT_EQ(reply.header("access-control-allow-origin"), origin);
    EXPECT_EQ(reply.header("access-control-allow-methods"), "GET, OPTIONS");
    EXPECT_EQ(reply.header("access-control-allow-headers"), "x-header-1, x-header-2");
    EXPECT_EQ(reply.header("access-control-expose-headers"), "x-header-3, x-header-4");
    EXPECT_EQ(reply.header("access-control-max-age"), "3600");
    EXPECT_EQ(reply.header("access-control-allow-credentials"), "true");
    EXPECT_EQ(reply.header("vary"),
              "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
  }
  EXPECT_TRUE(bench.seen().empty());
}

TEST(Cors, LeavesOtherPreflightsToTheUpstream) {
  FilterBench bench("cors", kListed);
  bench.answer("", {{"access-control-allow-origin", "*"}});
  for (const char* origin : {"https://foobar.com", "https://bar.com", "http://www.foo.com",
                             "https://www.foo.com:8443", "https://evil.com/.bar.com", "null"}) {
    const BenchMessage reply = preflight(bench, origin, "GET");
    EXPECT_EQ(reply.status, 200) << origin;
    EXPECT_EQ(reply.header("access-control-allow-origin"), "") << origin;
    EXPECT_EQ(reply.header("vary"), "Origin");
  }
  EXPECT_EQ(bench.seen().size(), 6U);
}

TEST(Cors, LabelsResponses) {
  FilterBench bench("cors", kListed);
  bench.answer("hello", {{"Access-Control-Allow-Origin", "*"}, {"vary", "accept"}});
  for (const char* origin : {"https://www.foo.com", "https://www.bar.com"}) {
    const BenchMessage reply = bench.get("/", {{"origin", origin}});
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("access-control-allow-origin"), origin);
    EXPECT_EQ(reply.header("access-control-allow-credentials"), "true");
    EXPECT_EQ(reply.header("access-control-allow-methods"), "");
    EXPECT_NE(reply.raw.find("vary: accept\r\n"), std::string::npos);
    EXPECT_NE(reply.raw.find("vary: Origin\r\n"), std::string::npos) << reply.raw;
  }
  const BenchMessage other = bench.get("/", {{"origin", "https://foobar.com"}});
  EXPECT_EQ(other.header("access-control-allow-origin"), "");
  EXPECT_NE(other.raw.find("vary: Origin\r\n"), std::string::npos);
  EXPECT_NE(bench.get().raw.find("vary: Origin\r\n"), std::string::npos);
}

TEST(Cors, HasWildcards) {
  FilterBench methods("cors", "origins = ['https://www.foo.com'], methods = ['*']");
  const BenchMessage post = preflight(methods, "https://www.foo.com", "POST");
  EXPECT_EQ(post.header("access-control-allow-methods"), "POST");
  EXPECT_EQ(post.header("access-control-allow-origin"), "https://www.foo.com");
  EXPECT_EQ(post.header("access-control-allow-credentials"), "");
  EXPECT_EQ(post.header("access-control-max-age"), "5");
  FilterBench origins("cors", "origins = ['*'], methods = ['PUT'], headers = ['*']");
  for (const char* origin : {"https://foobar.com", "https://foobar.com:12345"}) {
    const BenchMessage put = preflight(origins, origin, "PUT",
                                       {{"Access-Control-Request-Headers", "authorization,x-a"}});
    EXPECT_EQ(put.header("access-control-allow-origin"), "*");
    EXPECT_EQ(put.header("access-control-allow-methods"), "PUT");
    EXPECT_EQ(put.header("access-control-allow-headers"), "authorization,x-a");
    EXPECT_EQ(put.header("access-control-allow-credentials"), "");
    EXPECT_EQ(origins.get("/", {{"origin", origin}}).header("access-control-allow-origin"), "*");
  }
}

TEST(Cors, LabelsRefusalsOfLaterFilters) {
  FilterBench bench(
      "[{ cors = { origins = ['https://www.foo.com'] } }, { api_key = { keys = { inline = ["
      "'a sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae shop'] } } }]");
  EXPECT_EQ(preflight(bench, "https://www.foo.com", "GET").status, 204);
  const BenchMessage reply = bench.get("/", {{"origin", "https://www.foo.com"}});
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(reply.header("access-control-allow-origin"), "https://www.foo.com");
  EXPECT_EQ(preflight(bench, "https://foobar.com", "GET").status, 401);
}

TEST(Cors, AnswersPrivateNetworkPreflights) {
  FilterBench bench("cors", "origins = ['*'], private_network = true");
  const FilterBench::Headers asked = {{"Access-Control-Request-Private-Network", "true"}};
  EXPECT_EQ(preflight(bench, "https://a.com", "GET", asked)
                .header("access-control-allow-private-network"),
            "true");
  EXPECT_EQ(preflight(bench, "https://a.com", "GET").header("access-control-allow-private-network"),
            "");
}

TEST(OriginPattern, IsAnOriginOrAWildcard) {
  for (const char* good :
       {"*", "null", "https://a.com", "http://a.com:8080", "https://*.a.com", "https://*",
        "https://*:8443", "chrome-extension://abc", "HTTPS://A.com", "http://[::1]:80"}) {
    EXPECT_TRUE(OriginPattern::parse(good).has_value()) << good;
  }
  for (const char* bad :
       {"", "a.com", "https://", "https://a.com/", "https://a.*.com", "https://*a.com",
        "https://**", "https://a@b.com", "https://a.com?x", "://a.com", "https://a b"}) {
    EXPECT_FALSE(OriginPattern::parse(bad).has_value()) << bad;
  }
  const auto below = *OriginPattern::parse("https://*.a.com");
  EXPECT_TRUE(below.matches("https://x.a.com"));
  EXPECT_TRUE(below.matches("https://x.y.A.com"));
  for (const char* other : {"https://a.com", "https://.a.com.evil.com", "https://x.a.com:8443",
                            "https://evil.com/x.a.com", "https://evil.com#x.a.com",
                            "https://x@y.a.com", "http://x.a.com", "https://xa.com"}) {
    EXPECT_FALSE(below.matches(other)) << other;
  }
}

}  // namespace
}  // namespace weir::gateway
