#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "gateway/auth/forward_auth/forward_auth.h"
#include "tests/support/filter_bench.h"

namespace weir::gateway::forward_auth {
namespace {

using test::FilterBench;

constexpr std::string_view kCached =
    "upstream = 'service', response_headers = ['remote-user'], "
    "cache = { key = ['header:authorization', 'method', 'path'] }";
const FilterBench::Headers kAnn = {{"authorization", "Bearer ann"}};
const FilterBench::Headers kBob = {{"authorization", "Bearer bob"}};

TEST(ForwardAuthCache, AsksOnceForRequestsWithTheSameKey) {
  FilterBench bench("forward_auth", kCached);
  bench.serviceAnswers("", {{"remote-user", "ann"}});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(bench.get("/", kAnn).status, 200);
    EXPECT_EQ(bench.seen().back().header("remote-user"), "ann");
  }
  EXPECT_EQ(bench.asked().size(), 1U);
  EXPECT_EQ(bench.counted(cacheKey(Lookup::kHit)), 2U);
  EXPECT_EQ(bench.counted(cacheKey(Lookup::kMiss)), 1U);
}

TEST(ForwardAuthCache, RequestsThatDifferInAPartOfTheKeyAreAskedAbout) {
  FilterBench bench("forward_auth", kCached);
  bench.serviceAnswers("", {{"remote-user", "ann"}});
  bench.get("/", kAnn);
  bench.serviceAnswers("", {{"remote-user", "bob"}});
  bench.get("/", kBob);
  EXPECT_EQ(bench.seen().back().header("remote-user"), "bob");
  bench.get("/other", kAnn);
  bench.begin("HEAD / HTTP/1.1\r\nHost: shop.test\r\nauthorization: Bearer ann\r\n\r\n");
  EXPECT_EQ(bench.asked().size(), 4U);
  bench.get("/?query", kAnn);  // is not in the key
  EXPECT_EQ(bench.asked().size(), 4U);
}

TEST(ForwardAuthCache, RequestsThatTheKeyDoesNotDescribeAreNotCached) {
  FilterBench bench("forward_auth", kCached);
  bench.serviceAnswers("");
  const FilterBench::Headers twice = {{"authorization", "a"}, {"authorization", "b"}};
  const FilterBench::Headers cookie = {{"authorization", "Bearer ann"}, {"cookie", "session=1"}};
  for (int i = 0; i < 2; ++i) {
    bench.get("/");
    bench.get("/", twice);
    bench.get("/", cookie);
    bench.get("/", {{"authorization", std::string(10'000, 'a')}});
  }
  EXPECT_EQ(bench.asked().size(), 8U);
  EXPECT_EQ(bench.counted(cacheKey(Lookup::kBypass)), 8U);
}

TEST(ForwardAuthCache, PartsOfAKeyCannotBeShifted) {
  FilterBench bench("forward_auth",
                    "upstream = 'service', cache = { key = ['header:x-a', 'header:x-b'] }");
  bench.serviceAnswers("");
  bench.get("/", {{"x-a", "1"}, {"x-b", "2"}});
  bench.get("/", {{"x-a", "11:2"}, {"x-b", ""}});
  bench.get("/", {{"x-a", "1"}, {"x-b", "2"}});
  EXPECT_EQ(bench.asked().size(), 2U);
}

TEST(ForwardAuthCache, RefusalsAreKeptForLess) {
  FilterBench bench("forward_auth", kCached);
  bench.serviceAnswers("no", {{"content-type", "text/plain"}}, 403);
  EXPECT_EQ(bench.get("/", kAnn).body, "no");
  EXPECT_EQ(bench.get("/", kAnn).body, "no");
  EXPECT_EQ(bench.asked().size(), 1U);
  bench.pass(Milliseconds(5'100));
  bench.serviceAnswers("");
  EXPECT_EQ(bench.get("/", kAnn).status, 200);
  bench.pass(Milliseconds(29'000));
  EXPECT_EQ(bench.get("/", kAnn).status, 200);
  EXPECT_EQ(bench.asked().size(), 2U);
  bench.pass(Milliseconds(1'100));
  bench.get("/", kAnn);
  EXPECT_EQ(bench.asked().size(), 3U);
}

TEST(ForwardAuthCache, TheServiceMayForbidOrShortenIt) {
  for (const auto& [name, value] : FilterBench::Headers{{"cache-control", "no-store"},
                                                        {"cache-control", "max-age=60, private"},
                                                        {"Cache-Control", "No-Cache"},
                                                        {"cache-control", "max-age=0"},
                                                        {"cache-control", "max-age=x"},
                                                        {"vary", "accept-encoding, cookie"},
                                                        {"vary", "*"},
                                                        {"set-cookie", "session=2"}}) {
    FilterBench bench("forward_auth", kCached);
    bench.serviceAnswers("", {{name, value}});
    bench.get("/", kAnn);
    bench.get("/", kAnn);
    EXPECT_EQ(bench.asked().size(), 2U) << name << ": " << value;
  }
  FilterBench bench("forward_auth", kCached);
  bench.serviceAnswers("", {{"cache-control", "max-age=10"}, {"vary", "Authorization"}});
  bench.get("/", kAnn);
  bench.pass(Milliseconds(9'000));
  bench.get("/", kAnn);
  EXPECT_EQ(bench.asked().size(), 1U);
  bench.pass(Milliseconds(1'100));
  bench.get("/", kAnn);
  EXPECT_EQ(bench.asked().size(), 2U);
}

TEST(ForwardAuthCache, FailuresAreNotKept) {
  FilterBench bench("forward_auth", kCached);
  bench.serviceAnswers("oops", {}, 500);
  EXPECT_EQ(bench.get("/", kAnn).status, 500);
  bench.serviceAnswers("");
  EXPECT_EQ(bench.get("/", kAnn).status, 200);
}

TEST(ForwardAuthCache, RequestsShareAQuestion) {
  FilterBench bench("forward_auth", std::string(kCached) + ", timeout = '5s'");
  const std::string head = "GET / HTTP/1.1\r\nHost: shop.test\r\nauthorization: Bearer ann\r\n\r\n";
  bench.begin(head);  // the service is silent
  bench.leave();
  for (int i = 0; i < 3; ++i) bench.begin(head);
  EXPECT_EQ(bench.asked().size(), 1U);
  EXPECT_EQ(bench.counted(cacheKey(Lookup::kShared)), 3U);
  EXPECT_EQ(bench.reply().raw, "");
  bench.pass(Milliseconds(5'100));
  EXPECT_EQ(bench.reply().status, 503);
  EXPECT_EQ(bench.replies("forward_auth", 503, Reason::kExtAuthError), 3U);
  bench.serviceAnswers("");
  EXPECT_EQ(bench.get("/", kAnn).status, 200);
}

// All requests of a client have the same key.
constexpr std::string_view kCachedByClient =
    "upstream = 'service', cache = { key = ['header:authorization'] }, timeout = '5s'";

std::string headOf(std::string_view target) {
  return "GET " + std::string(target) +
         " HTTP/1.1\r\nHost: shop.test\r\nauthorization: Bearer ann\r\n\r\n";
}

TEST(ForwardAuthCache, RequestsShareAnAnswerThatMayBeReused) {
  FilterBench bench("forward_auth", kCachedByClient);
  for (const auto* target : {"/public", "/admin", "/more"}) bench.begin(headOf(target));
  bench.serviceAnswersLate("");
  EXPECT_EQ(bench.asked().size(), 1U);
  EXPECT_EQ(bench.seen().size(), 3U);
}

TEST(ForwardAuthCache, AnAnswerThatMayNotBeReusedIsForTheRequestThatAsked) {
  for (const FilterBench::Headers& forbids : {FilterBench::Headers{{"cache-control", "no-store"}},
                                              FilterBench::Headers{{"vary", "x-forwarded-uri"}}}) {
    FilterBench bench("forward_auth", kCachedByClient);
    for (const auto* target : {"/public", "/admin", "/more"}) bench.begin(headOf(target));
    ASSERT_EQ(bench.asked().size(), 1U);
    bench.serviceAnswersLate("", forbids);
    EXPECT_EQ(bench.asked().size(), 3U);
    EXPECT_EQ(bench.seen().size(), 3U);
  }
}

TEST(ForwardAuthCache, TheOthersAskAgainIfTheFirstHasLeft) {
  FilterBench bench("forward_auth", kCachedByClient);
  bench.begin(headOf("/public"));
  bench.leave();
  bench.begin(headOf("/admin"));
  bench.serviceAnswersLate("", {{"cache-control", "no-store"}});
  EXPECT_EQ(bench.asked().size(), 2U);
  EXPECT_EQ(bench.seen().size(), 1U);
}

TEST(ForwardAuthCache, ACookieCanBeThePart) {
  FilterBench bench("forward_auth", "upstream = 'service', cache = { key = ['cookie:session'] }");
  bench.serviceAnswers("");
  bench.get("/", {{"cookie", "theme=dark; session=1"}});
  bench.get("/", {{"cookie", "session=1; theme=light"}});
  EXPECT_EQ(bench.asked().size(), 1U);
  bench.get("/", {{"cookie", "session=2"}});
  bench.get("/", {{"cookie", "session=1; session=2"}});
  bench.get("/", {{"cookie", "session=1"}, {"authorization", "Bearer ann"}});
  EXPECT_EQ(bench.asked().size(), 4U);
}

}  // namespace
}  // namespace weir::gateway::forward_auth
