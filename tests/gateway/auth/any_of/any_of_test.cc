#include "gateway/auth/any_of/any_of.h"

#include <string>

#include <gtest/gtest.h>

#include "core/base/bytes.h"
#include "core/tls/digest.h"
#include "tests/support/filter_bench.h"
#include "tests/support/token_signer.h"

namespace weir::gateway {
namespace {

using test::BenchMessage;
using test::FilterBench;

// A key "k1", a password "secret" of ann, and tokens of an issuer.
struct ThreeWays {
  explicit ThreeWays(const std::string& more = {})
      : signer("ES256"),
        bench(
            "[{ any_of = { filters = [{ jwt = { issuer = 'https://id.example', audiences = "
            "'any', jwks = { inline = '" +
            signer.keySet(R"("kid":"a")") +
            "' } } }, { api_key = { keys = { inline = ['one sha256:" + digest("k1") +
            " shop'] } } }, { basic = { users = { inline = "
            "['ann:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW'] } } }, "
            "{ client_certificate = {} }]" +
            more + " } }]") {}

  static std::string digest(const std::string& key) {
    return tls::hexOf(tls::sha256(asBytes(key)));
  }
  std::string token() const {
    return "Bearer " + signer.token(R"({"iss":"https://id.example","sub":"x","exp":9000000000})",
                                    R"("kid":"a")");
  }
  static std::string password(const std::string& pair) {
    std::string text = "Basic ";
    tls::appendBase64(asBytes(pair), text);
    return text;
  }

  const test::TokenSigner signer;
  FilterBench bench;
};

TEST(AnyOf, EachWayIsGoodEnough) {
  ThreeWays ways;
  FilterBench& bench = ways.bench;
  EXPECT_EQ(bench.get("/", {{"authorization", ways.token()}}).status, 200);
  EXPECT_EQ(bench.get("/", {{"x-api-key", "k1"}}).status, 200);
  EXPECT_EQ(bench.seen().back().header("x-consumer-id"), "shop");
  EXPECT_EQ(bench.get("/", {{"authorization", ThreeWays::password("ann:secret")}}).status, 200);
  EXPECT_EQ(bench.seen().back().header("x-auth-user"), "ann");
}

TEST(AnyOf, TheFirstWithCredentialsDecides) {
  ThreeWays ways;
  FilterBench& bench = ways.bench;
  const BenchMessage bad_token =
      bench.get("/", {{"authorization", "Bearer x"}, {"x-api-key", "k1"}});
  EXPECT_EQ(bad_token.status, 401);
  EXPECT_EQ(bad_token.reason, "authn_invalid");
  EXPECT_TRUE(bad_token.header("www-authenticate").starts_with("Bearer "));
  EXPECT_EQ(
      bench.get("/", {{"x-api-key", "k2"}, {"authorization", ThreeWays::password("ann:secret")}})
          .reason,
      "authn_invalid");
  EXPECT_EQ(bench.get("/", {{"authorization", ThreeWays::password("ann:x")}}).reason,
            "authn_invalid");
  EXPECT_TRUE(bench.seen().empty());
}

TEST(AnyOf, ChallengesInEveryWay) {
  ThreeWays ways;
  const BenchMessage reply = ways.bench.get();
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(reply.reason, "authn_missing");
  for (const char* challenge :
       {"Bearer realm=\"weir\"\r\n", "ApiKey realm=\"weir\"\r\n",
        "Basic realm=\"weir\", charset=\"UTF-8\"\r\n", "ClientCertificate realm=\"weir\"\r\n"}) {
    EXPECT_NE(reply.raw.find("www-authenticate: " + std::string(challenge)), std::string::npos)
        << reply.raw;
  }
  EXPECT_EQ(
      ways.bench.counted(authn::authnKey(authn::Method::kAnyOf, authn::Result::kMissing, false)),
      1U);
}

TEST(AnyOf, HasModes) {
  ThreeWays optional(", mode = 'optional'");
  EXPECT_EQ(optional.bench.get("/", {{"x-consumer-id", "mallory"}}).status, 200);
  EXPECT_EQ(optional.bench.seen().back().header("x-consumer-id"), "");
  EXPECT_EQ(optional.bench.get("/", {{"x-api-key", "k2"}}).status, 401);
  ThreeWays shadow(", mode = 'shadow'");
  EXPECT_EQ(shadow.bench.get().status, 200);
  EXPECT_EQ(shadow.bench.get("/", {{"x-api-key", "k2"}}).status, 200);
  EXPECT_EQ(shadow.bench.get("/", {{"authorization", ThreeWays::password("ann:x")}}).status, 200);
}

}  // namespace
}  // namespace weir::gateway
