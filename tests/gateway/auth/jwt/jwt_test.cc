#include "gateway/auth/jwt/jwt.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/filter_bench.h"
#include "tests/support/token_signer.h"

namespace weir::gateway {
namespace {

using test::BenchMessage;
using test::FilterBench;
using test::TokenSigner;

const TokenSigner& issuer() {
  static const TokenSigner signer("ES256");
  return signer;
}

std::string settings(std::string_view more = {}) {
  return "issuer = 'https://id.example', audiences = ['orders'], jwks = { inline = '" +
         issuer().keySet(R"("kid":"a")") + "' }" + (more.empty() ? "" : ", " + std::string(more));
}

std::string secondsFromNow(std::int64_t seconds) {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(wallClockNow());
  return std::to_string(now.count() + seconds);
}

std::string claims(std::string_view more = R"("x":1)", std::int64_t expires_in = 300) {
  return R"({"iss":"https://id.example","aud":"orders","sub":"ann","exp":)" +
         secondsFromNow(expires_in) + "," + std::string(more) + "}";
}

std::string bearer(const std::string& json) {
  return "Bearer " + issuer().token(json, R"("kid":"a")");
}

BenchMessage ask(FilterBench& bench, const std::string& authorization) {
  return bench.get("/", {{"authorization", authorization}});
}

TEST(Jwt, AcceptsAGoodToken) {
  FilterBench bench("jwt", settings());
  const std::string token = bearer(claims());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(bench, token).status, 200);
  EXPECT_EQ(bench.seen().back().header("authorization"), token);
}

TEST(Jwt, ChallengesARequestWithoutToken) {
  FilterBench bench("jwt", settings("resource_metadata = 'https://a.example/m'"));
  const BenchMessage reply = bench.get();
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(reply.reason, "authn_missing");
  EXPECT_EQ(reply.header("www-authenticate"),
            R"(Bearer realm="weir", resource_metadata="https://a.example/m")");
  EXPECT_EQ(reply.header("content-type"), "application/problem+json");
  EXPECT_TRUE(bench.seen().empty());
  EXPECT_EQ(ask(bench, "Basic YTpi").reason, "authn_missing");
  EXPECT_EQ(bench.get("/", {{"accept", "text/html"}}).body, "");
}

TEST(Jwt, RefusesBadTokens) {
  FilterBench bench("jwt", settings());
  const auto reason = [&bench](const std::string& token) { return ask(bench, token).reason; };
  EXPECT_EQ(reason("Bearer x"), "authn_invalid");
  EXPECT_EQ(reason("Bearer " + TokenSigner("ES256").token(claims(), R"("kid":"a")")),
            "authn_invalid");
  EXPECT_EQ(reason("Bearer " + issuer().token(claims(), R"("kid":"b")")), "authn_invalid");
  EXPECT_EQ(reason(bearer(claims(R"("x":1)", -61))), "authn_expired");
  EXPECT_EQ(reason(bearer(claims(R"("nbf":9000000000)"))), "authn_expired");
  EXPECT_EQ(reason(bearer(R"({"iss":"https://id.example","aud":"other","exp":9000000000})")),
            "authn_invalid");
  EXPECT_EQ(reason(bearer(claims(R"("cnf":{"jkt":"a"})"))), "authn_invalid");
  EXPECT_EQ(reason("Bearer " + issuer().token(claims(), R"("kid":"a","typ":"logout+jwt")")),
            "authn_invalid");
  EXPECT_EQ(reason(bearer(claims(R"("x":")" + std::string(9000, 'a') + '"'))), "authn_invalid");
  const BenchMessage expired = ask(bench, bearer(claims(R"("x":1)", -61)));
  EXPECT_EQ(expired.header("www-authenticate"), R"(Bearer realm="weir", error="invalid_token", )"
                                                R"(error_description="The token has expired.")");
  EXPECT_TRUE(bench.seen().empty());
}

TEST(Jwt, RefusesATokenBoundToACertificateThatWasNotShown) {
  FilterBench bench("jwt", settings());
  const std::string digest = test::base64Url(std::string(32, 'x'));
  EXPECT_EQ(ask(bench, bearer(claims(R"("cnf":{"x5t#S256":")" + digest + R"("})"))).reason,
            "authn_invalid");
}

TEST(Jwt, RefusesSeveralTokens) {
  FilterBench bench("jwt", settings());
  const std::string token = bearer(claims());
  const BenchMessage reply =
      bench.get("/", {{"authorization", token}, {"authorization", "Basic YTpi"}});
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.reason, "bad_request");
}

TEST(Jwt, DemandsScopes) {
  FilterBench bench("jwt", settings("require = { scopes_all = ['read'] }"));
  EXPECT_EQ(ask(bench, bearer(claims(R"("scope":"read write")"))).status, 200);
  const BenchMessage reply = ask(bench, bearer(claims(R"("scope":"write")")));
  EXPECT_EQ(reply.status, 403);
  EXPECT_EQ(reply.reason, "authz_denied");
  EXPECT_EQ(reply.header("www-authenticate"),
            R"(Bearer realm="weir", error="insufficient_scope", scope="read")");
}

TEST(Jwt, PassesClaimsToTheUpstream) {
  FilterBench bench("jwt", settings("claim_headers = { x-user = 'sub', x-groups = 'groups', "
                                    "x-name = '/a/b' }, payload_header = 'x-claims', "
                                    "forward = false"));
  const std::string json = claims(R"("groups":["a","b,c"],"a":{"b":"\u00e9\r\nx: y"})");
  EXPECT_EQ(ask(bench, bearer(json)).status, 200);
  const BenchMessage& seen = bench.seen().back();
  EXPECT_EQ(seen.header("x-user"), "ann");
  EXPECT_EQ(seen.header("x-groups"), "a,b%2Cc");
  EXPECT_EQ(seen.header("x-name"), "%C3%A9%0D%0Ax: y");
  EXPECT_EQ(seen.header("x-claims"), test::base64Url(json));
  EXPECT_EQ(seen.header("authorization"), "");
}

TEST(Jwt, TakesTokensFromCookiesAndParameters) {
  FilterBench bench("jwt", settings("from = [{ cookie = 'token' }, { query = 'token' }], "
                                    "forward = false"));
  const std::string token = issuer().token(claims(), R"("kid":"a")");
  EXPECT_EQ(bench.get("/", {{"cookie", "a=1; token=" + token + "; b=2"}}).status, 200);
  EXPECT_EQ(bench.seen().back().header("cookie"), "a=1; b=2");
  EXPECT_EQ(bench.get("/x?a=1&token=" + token).status, 200);
  EXPECT_EQ(bench.seen().back().start, "GET /x?a=1 HTTP/1.1");
  EXPECT_EQ(bench.get("/?token=" + token, {{"cookie", "token=" + token}}).status, 400);
}

TEST(Jwt, HasModes) {
  FilterBench optional("jwt", settings("mode = 'optional'"));
  EXPECT_EQ(optional.get().status, 200);
  EXPECT_EQ(ask(optional, "Bearer x").status, 401);
  FilterBench shadow("jwt", settings("mode = 'shadow'"));
  EXPECT_EQ(shadow.get().status, 200);
  EXPECT_EQ(ask(shadow, "Bearer x").status, 200);
}

TEST(Jwt, AcceptsSecretsOnlyIfConfigured) {
  const std::string secret(32, 's');
  const std::string text = test::base64Url(R"({"alg":"HS256"})") + "." + test::base64Url(claims());
  const std::string token =
      "Bearer " + text + "." + test::base64Url(test::macOf("HS256", secret, text));
  FilterBench with("jwt",
                   "issuer = 'https://id.example', audiences = 'any', secret = '" + secret + "'");
  EXPECT_EQ(ask(with, token).status, 200);
  EXPECT_EQ(ask(with, bearer(claims())).status, 401);
  FilterBench without("jwt", settings());
  EXPECT_EQ(ask(without, token).status, 401);
}

TEST(Jwt, TellsGrpcClientsTheirStatus) {
  FilterBench bench("jwt", settings());
  const BenchMessage reply = bench.post("", {{"content-type", "application/grpc"}});
  EXPECT_EQ(reply.header("grpc-status"), "16");
}

TEST(JwtTokenCache, ForgetsTheTokenUsedLeastRecently) {
  jwt::Settings rules;
  jwt::TokenCache cache(7);
  const auto add = [&](int number) {
    auto parsed = jose::Claims::parse("{}");
    cache.add(std::make_shared<const jwt::VerifiedToken>(std::to_string(number) + "-a-long-text",
                                                         std::move(parsed.value()), rules),
              Nanoseconds(0));
  };
  add(0);
  EXPECT_NE(cache.find("0-a-long-text", Nanoseconds(1)), nullptr);
  EXPECT_EQ(cache.find("0-a-long-texT", Nanoseconds(1)), nullptr);
  EXPECT_EQ(cache.find("0-a-long-text", jwt::TokenCache::kLongest), nullptr);
  EXPECT_EQ(cache.size(), 0U);
}

}  // namespace
}  // namespace weir::gateway
