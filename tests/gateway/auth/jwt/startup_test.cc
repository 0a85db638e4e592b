#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/auth/jwt/jwt.h"
#include "tests/support/fake_client.h"
#include "tests/support/fake_dialer.h"
#include "tests/support/filter_bench.h"
#include "tests/support/token_signer.h"

namespace weir::gateway {
namespace {

using test::FilterBench;

const test::TokenSigner& keysOfIssuer() {
  static const test::TokenSigner signer("ES256");
  return signer;
}

std::string keySetOfIssuer() { return keysOfIssuer().keySet(R"("kid":"a")"); }

// The part of the filter on the control thread, until there are keys.
class JwtStartup : public ::testing::Test {
 protected:
  void start(Startup startup) {
    config.rules.issuer = "https://id.example";
    config.startup = startup;
    config.jwks.emplace().url.emplace().upstream = "issuer";
    shared = std::make_unique<Jwt::Shared>(
        config, filter::SharedTools{loop, cells, client, dialer, commons});
    shared->start([this](auto snapshot) { snapshots.push_back(std::move(snapshot)); },
                  [this] { ++ready; });
  }

  event::Loop loop{event::Loop::Time::kManual};
  MetricCells cells;
  test::FakeClient client{loop};
  test::FakeDialer dialer;
  filter::Commons commons;
  Jwt::Config config;
  std::vector<std::shared_ptr<const jwt::KeySnapshot>> snapshots;
  int ready = 0;
  std::unique_ptr<Jwt::Shared> shared;
};

TEST_F(JwtStartup, WaitsForTheKeys) {
  start(Startup::kWait);
  EXPECT_EQ(ready, 0);
  client.last().reply(503, "");
  EXPECT_EQ(ready, 0);
  loop.advance(jwt::KeyFetcher::kPauses.first_retry);
  client.last().reply(200, keySetOfIssuer());
  EXPECT_EQ(ready, 1);
}

TEST_F(JwtStartup, IsReadyAtOnceIfItIsLazy) {
  start(Startup::kLazy);
  EXPECT_EQ(ready, 1);
  client.last().reply(200, keySetOfIssuer());
  EXPECT_EQ(ready, 1);
}

TEST_F(JwtStartup, WorkersLearnThatThereAreNoKeysYet) {
  start(Startup::kLazy);
  EXPECT_TRUE(snapshots.empty());
  client.last().reply(503, "");
  ASSERT_EQ(snapshots.size(), 1U);
  EXPECT_EQ(snapshots.back()->keys, nullptr);
  loop.advance(jwt::KeyFetcher::kPauses.first_retry);
  client.last().reply(200, keySetOfIssuer());
  EXPECT_NE(snapshots.back()->keys, nullptr);
}

constexpr std::string_view kLazy =
    "issuer = 'https://id.example', audiences = 'any', require_expiry = false, startup = 'lazy', "
    "jwks = { url = { upstream = 'service', path = '/keys' } }";

std::string headWithToken() {
  return "GET / HTTP/1.1\r\nHost: shop.test\r\nAuthorization: Bearer " +
         keysOfIssuer().token(R"({"iss":"https://id.example","sub":"ann"})", R"("kid":"a")") +
         "\r\n\r\n";
}

TEST(JwtLazy, RequestsWaitForTheFirstKeys) {
  FilterBench bench("jwt", kLazy);
  bench.begin(headWithToken());
  EXPECT_EQ(bench.reply().raw, "");
  bench.serviceAnswersLate(keySetOfIssuer());
  EXPECT_EQ(bench.reply().status, 200);
}

TEST(JwtLazy, RequestsWaitWithALimit) {
  FilterBench bench("jwt", kLazy);
  bench.begin(headWithToken());
  bench.pass(Milliseconds(400));
  EXPECT_EQ(bench.reply().raw, "");
  bench.pass(Milliseconds(200));
  EXPECT_EQ(bench.reply().reason, "ext_auth_error");
}

TEST(JwtLazy, RequestsDoNotWaitForAnIssuerThatHasFailed) {
  FilterBench bench("jwt", kLazy);
  bench.begin(headWithToken());
  bench.serviceAnswersLate("", {}, 503);
  EXPECT_EQ(bench.reply().reason, "ext_auth_error");
  bench.begin(headWithToken());
  EXPECT_EQ(bench.reply().reason, "ext_auth_error");
}

}  // namespace
}  // namespace weir::gateway
