#include "gateway/auth/upstream_auth/upstream_auth.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "gateway/auth/upstream_auth/metrics.h"
#include "tests/support/filter_bench.h"

namespace weir::gateway::upstream_auth {
namespace {

using test::BenchMessage;
using test::FilterBench;

constexpr std::string_view kClient =
    "oauth2_client_credentials = { token_endpoint = { upstream = 'service', path = '/token' }, "
    "client_id = 'weir', client_secret = 's3cret', scopes = ['orders'] }";

void issueToken(FilterBench& bench, std::string_view token, int life = 100) {
  bench.serviceAnswers(R"({"access_token":")" + std::string(token) +
                       R"(","token_type":"Bearer","expires_in":)" + std::to_string(life) + "}");
}

std::string sent(FilterBench& bench) {
  EXPECT_EQ(bench.get().status, 200);
  return bench.seen().back().header("authorization");
}

TEST(UpstreamAuth, SendsNameAndPassword) {
  FilterBench bench("upstream_auth", "basic = { username = 'weir', password = 'a:b' }");
  EXPECT_EQ(bench.get("/", {{"Authorization", "Bearer client"}, {"X-Other", "1"}}).status, 200);
  EXPECT_EQ(bench.seen().at(0).header("authorization"), "Basic d2VpcjphOmI=");
  EXPECT_EQ(bench.seen().at(0).header("x-other"), "1");
  EXPECT_EQ(bench.seen().at(0).raw.find("client"), std::string::npos);
  EXPECT_EQ(bench.counted(requestsKey(Outcome::kSent)), 1U);
}

TEST(UpstreamAuth, SendsAKeyInsteadOfWhatTheClientSent) {
  FilterBench bench("upstream_auth", "api_key = { header = 'X-Api-Key', key = 'k1' }");
  bench.get("/", {{"x-api-key", "mine"}, {"X.Api.Key", "mine"}, {"x-api-key", "mine"}});
  EXPECT_EQ(bench.seen().at(0).header("x-api-key"), "k1");
  EXPECT_EQ(bench.seen().at(0).raw.find("mine"), std::string::npos);
}

TEST(UpstreamAuth, AKeyMayHaveAPrefix) {
  FilterBench bench("upstream_auth",
                    "api_key = { header = 'authorization', prefix = 'ApiKey', key = 'k1' }");
  EXPECT_EQ(sent(bench), "ApiKey k1");
}

TEST(UpstreamAuth, FetchesATokenForAllRequests) {
  FilterBench bench("upstream_auth", kClient);
  issueToken(bench, "t1");
  EXPECT_EQ(sent(bench), "Bearer t1");
  EXPECT_EQ(sent(bench), "Bearer t1");
  ASSERT_EQ(bench.asked().size(), 1U);
  const BenchMessage& asked = bench.asked().at(0);
  EXPECT_EQ(asked.start, "POST /token HTTP/1.1");
  EXPECT_EQ(asked.header("content-type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(asked.header("authorization"), "Basic d2VpcjpzM2NyZXQ=");
  EXPECT_EQ(asked.body, "grant_type=client_credentials&scope=orders");
}

TEST(UpstreamAuth, RenewsTheTokenBeforeItExpires) {
  FilterBench bench("upstream_auth", kClient);
  issueToken(bench, "t1");
  EXPECT_EQ(sent(bench), "Bearer t1");
  issueToken(bench, "t2");
  bench.pass(Milliseconds(69'000));
  EXPECT_EQ(sent(bench), "Bearer t1");
  bench.pass(Milliseconds(12'000));
  EXPECT_EQ(sent(bench), "Bearer t2");
  EXPECT_EQ(bench.asked().size(), 2U);
}

TEST(UpstreamAuth, KeepsATokenThatCannotBeRenewedUntilItExpires) {
  FilterBench bench("upstream_auth", kClient);
  issueToken(bench, "t1");
  EXPECT_EQ(sent(bench), "Bearer t1");
  bench.serviceAnswers("down", {}, 500);
  bench.pass(Milliseconds(99'000));
  EXPECT_EQ(sent(bench), "Bearer t1");
  EXPECT_GE(bench.asked().size(), 3U);
  bench.pass(Milliseconds(2'000));
  const BenchMessage reply = bench.get();
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.reason, "ext_auth_error");
  EXPECT_EQ(bench.counted(requestsKey(Outcome::kError)), 1U);
  issueToken(bench, "t2");
  bench.pass(Milliseconds(10'000));
  EXPECT_EQ(sent(bench), "Bearer t2");
}

TEST(UpstreamAuth, RequestsWaitForTheTokenWithALimit) {
  FilterBench bench("upstream_auth", kClient);
  bench.begin("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");  // the endpoint is silent
  bench.pass(Milliseconds(900));
  EXPECT_EQ(bench.reply().raw, "");
  bench.pass(Milliseconds(200));
  EXPECT_EQ(bench.reply().status, 503);
  EXPECT_EQ(bench.replies("upstream_auth", 503, Reason::kExtAuthError), 1U);
  EXPECT_TRUE(bench.seen().empty());
}

TEST(UpstreamAuth, AClientMayGoWhileItsRequestWaits) {
  FilterBench bench("upstream_auth", kClient);
  bench.begin("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  bench.leave();
  EXPECT_EQ(bench.loggedReason(), Reason::kClientDisconnect);
  bench.pass(Milliseconds(6'000));
}

TEST(UpstreamAuth, A401InvalidatesTheTokenOnce) {
  FilterBench bench("upstream_auth", kClient);
  issueToken(bench, "t1");
  EXPECT_EQ(sent(bench), "Bearer t1");
  bench.answer("who?", {}, 401);
  issueToken(bench, "t2");
  EXPECT_EQ(bench.get().status, 401);
  bench.runPosted();
  EXPECT_EQ(bench.asked().size(), 2U);
  EXPECT_EQ(bench.get().status, 401);
  EXPECT_EQ(bench.seen().back().header("authorization"), "Bearer t2");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(bench.get().status, 401);
  bench.runPosted();
  EXPECT_EQ(bench.asked().size(), 2U);
  EXPECT_EQ(bench.counted(requestsKey(Outcome::kRefused)), 7U);
  bench.pass(RefreshGate::kInterval);
  EXPECT_EQ(bench.get().status, 401);
  bench.runPosted();
  EXPECT_EQ(bench.asked().size(), 3U);
}

TEST(UpstreamAuth, ARefusedTokenIsBetterThanNone) {
  FilterBench bench("upstream_auth", kClient);
  issueToken(bench, "t1");
  EXPECT_EQ(sent(bench), "Bearer t1");
  bench.answer("who?", {}, 401);
  bench.serviceAnswers("down", {}, 500);
  EXPECT_EQ(bench.get().status, 401);
  bench.runPosted();
  bench.answer("hello");
  EXPECT_EQ(sent(bench), "Bearer t1");
}

}  // namespace
}  // namespace weir::gateway::upstream_auth
