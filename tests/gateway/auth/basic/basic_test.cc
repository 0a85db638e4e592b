#include "gateway/auth/basic/basic.h"

#include <string>

#include <gtest/gtest.h>

#include "core/base/bytes.h"
#include "core/tls/digest.h"
#include "tests/support/filter_bench.h"

namespace weir::gateway {
namespace {

using test::BenchMessage;
using test::FilterBench;

// The password of both is "secret".
std::string basicSettings(std::string_view more = {}) {
  return "users = { inline = ["
         "'ann:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW', "
         "'bob:$5$rounds=1000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2'] }" +
         (more.empty() ? "" : ", " + std::string(more));
}

std::string basicHeader(const std::string& pair) {
  std::string text = "Basic ";
  tls::appendBase64(asBytes(pair), text);
  return text;
}

BenchMessage askAs(FilterBench& bench, const std::string& pair) {
  return bench.get("/", {{"authorization", basicHeader(pair)}});
}

TEST(Basic, AcceptsTheRightPassword) {
  FilterBench bench("basic", basicSettings());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(askAs(bench, "ann:secret").status, 200);
  EXPECT_EQ(bench.seen().back().header("x-auth-user"), "ann");
  EXPECT_EQ(bench.seen().back().header("authorization"), "");
  EXPECT_EQ(askAs(bench, "bob:secret").status, 200);
  EXPECT_EQ(bench.seen().back().header("x-auth-user"), "bob");
  FilterBench forwarding("basic", basicSettings("forward = true"));
  EXPECT_EQ(askAs(forwarding, "ann:secret").status, 200);
  EXPECT_EQ(forwarding.seen().back().header("authorization"), basicHeader("ann:secret"));
}

TEST(Basic, RefusesTheRestWithoutHints) {
  FilterBench bench("basic", basicSettings("realm = 'shop'"));
  const BenchMessage missing = bench.get();
  EXPECT_EQ(missing.status, 401);
  EXPECT_EQ(missing.reason, "authn_missing");
  EXPECT_EQ(missing.header("www-authenticate"), R"(Basic realm="shop", charset="UTF-8")");
  const BenchMessage wrong = askAs(bench, "ann:Secret");
  const BenchMessage unknown = askAs(bench, "eve:secret");
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(wrong.reason, "authn_invalid");
  EXPECT_EQ(wrong.header("www-authenticate"), missing.header("www-authenticate"));
  EXPECT_EQ(unknown.body, wrong.body);
  EXPECT_EQ(unknown.reason, wrong.reason);
  for (const std::string& header :
       {std::string("Basic"), std::string("Basic !"), std::string("Basic YW5u"),
        basicHeader(":secret"), basicHeader(std::string("ann:secret\0", 11)),
        basicHeader("a\nn:secret"), basicHeader("ann:" + std::string(512, 'a')),
        basicHeader("ann:" + std::string(5000, 'a'))}) {
    EXPECT_EQ(bench.get("/", {{"authorization", header}}).reason, "authn_invalid") << header;
  }
  EXPECT_EQ(bench.get("/", {{"authorization", "Bearer x"}}).reason, "authn_missing");
  EXPECT_EQ(
      bench.get("/", {{"authorization", basicHeader("ann:secret")}, {"authorization", "Bearer x"}})
          .status,
      400);
  EXPECT_TRUE(bench.seen().empty());
}

TEST(Basic, SlowsGuessersButNotThoseWhoAreKnown) {
  FilterBench bench("basic", basicSettings("max_failures = 3"));
  EXPECT_EQ(askAs(bench, "ann:secret").status, 200);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(askAs(bench, "ann:guess" + std::to_string(i)).status, 401);
  }
  const BenchMessage refused = askAs(bench, "ann:guess4");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.reason, "rate_limited");
  EXPECT_NE(refused.header("retry-after"), "");
  EXPECT_EQ(askAs(bench, "ann:secret").status, 200);
  EXPECT_EQ(askAs(bench, "bob:secret").status, 429);
  bench.from("203.0.113.8");
  EXPECT_EQ(askAs(bench, "bob:secret").status, 200);
  bench.from("2001:db8::1");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(askAs(bench, "ann:x").status, 401);
  bench.from("2001:db8::2");
  EXPECT_EQ(askAs(bench, "ann:x").status, 429);
  bench.from("2001:db8:0:1::1");
  EXPECT_EQ(askAs(bench, "ann:x").status, 401);
}

TEST(Basic, HasModes) {
  FilterBench optional("basic", basicSettings("mode = 'optional'"));
  EXPECT_EQ(optional.get("/", {{"x-auth-user", "mallory"}}).status, 200);
  EXPECT_EQ(optional.seen().back().header("x-auth-user"), "");
  EXPECT_EQ(askAs(optional, "ann:x").status, 401);
  FilterBench shadow("basic", basicSettings("mode = 'shadow'"));
  EXPECT_EQ(askAs(shadow, "ann:x").status, 200);
  EXPECT_EQ(askAs(shadow, "ann:secret").status, 200);
  EXPECT_EQ(shadow.seen().back().header("x-auth-user"), "ann");
}

TEST(Basic, VerifiesAPasswordAgainAfterAWhile) {
  FilterBench bench("basic", basicSettings("remember = '1s', max_failures = 1"));
  EXPECT_EQ(askAs(bench, "ann:secret").status, 200);
  EXPECT_EQ(askAs(bench, "ann:x").status, 401);
  EXPECT_EQ(askAs(bench, "ann:secret").status, 200);
  bench.pass(Milliseconds(1100));
  EXPECT_EQ(askAs(bench, "ann:secret").status, 429);
}

}  // namespace
}  // namespace weir::gateway
