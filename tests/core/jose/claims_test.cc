#include "core/jose/claims.h"

#include <gtest/gtest.h>

#include "core/base/check.h"

namespace weir::jose {
namespace {

using std::chrono::seconds;

constexpr Nanoseconds kNow = seconds(1'800'000'000);

ClaimRules rules() {
  return {.issuer = "https://id.example", .audiences = {"orders"}, .clock_skew = seconds(60)};
}

// The claims of a good token, and more or others.
std::string claimsWith(std::string_view members, std::string_view without = {}) {
  std::string text = "{";
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
           {"iss", R"("https://id.example")"}, {"aud", R"("orders")"}, {"exp", "1800000300"}}) {
    if (name == without) continue;
    text += '"' + name + "\":" + value + ",";
  }
  text += members.empty() ? R"("x":1)" : members;
  return text + "}";
}

Claims parsed(const std::string& text) {
  auto claims = Claims::parse(text);
  WEIR_CHECK(claims.ok());
  return std::move(claims.value());
}

std::string_view refusal(const std::string& text, const ClaimRules& wanted = rules(),
                         Nanoseconds now = kNow) {
  return parsed(text).check(wanted, now).detail;
}
std::string_view refusedExpiry(const std::string& value, Nanoseconds now = kNow) {
  return refusal(claimsWith("\"exp\":" + value, "exp"), rules(), now);
}

TEST(Claims, AreAccepted) { EXPECT_EQ(refusal(claimsWith("")), ""); }

TEST(Claims, AreAnObject) {
  for (const std::string_view text : {"[]", "1", "\"x\"", "null"}) {
    ASSERT_FALSE(Claims::parse(text).ok());
    EXPECT_EQ(Claims::parse(text).error().detail, "is not an object");
  }
  EXPECT_EQ(Claims::parse("").error().detail, "is not JSON");
  EXPECT_EQ(Claims::parse(R"({"sub":"a","sub":"b"})").error().detail, "has a duplicate member");
}

TEST(Claims, NameTheirIssuer) {
  EXPECT_EQ(refusal(claimsWith("", "iss")), "iss is missing or not a string");
  EXPECT_EQ(refusal(claimsWith(R"("iss":["https://id.example"])", "iss")),
            "iss is missing or not a string");
  for (const std::string_view issuer : {"https://id.example.evil", "https://id.exampl",
                                        "HTTPS://id.example", "", "https://id.example "}) {
    EXPECT_EQ(refusal(claimsWith(R"("iss":")" + std::string(issuer) + '"', "iss")),
              "the token is from another issuer");
  }
  EXPECT_EQ(refusal(claimsWith(R"("iss":"https://id.example/")", "iss")),
            "iss differs from the configured issuer by a slash at its end");
  ClaimRules slash = rules();
  slash.issuer += '/';
  EXPECT_EQ(refusal(claimsWith(""), slash),
            "iss differs from the configured issuer by a slash at its end");
}

TEST(Claims, NameTheirAudience) {
  EXPECT_EQ(refusal(claimsWith("", "aud")), "aud is missing");
  EXPECT_EQ(refusal(claimsWith(R"("aud":["a","orders"])", "aud")), "");
  EXPECT_EQ(refusal(claimsWith(R"("aud":[])", "aud")), "the token is for another audience");
  EXPECT_EQ(refusal(claimsWith(R"("aud":"Orders")", "aud")), "the token is for another audience");
  EXPECT_EQ(refusal(claimsWith(R"("aud":"orders2")", "aud")), "the token is for another audience");
  for (const std::string_view audience :
       {"1", "null", "{}", R"({"orders":1})", R"([["orders"]])", R"(["orders",1])"}) {
    EXPECT_EQ(refusal(claimsWith("\"aud\":" + std::string(audience), "aud")),
              "aud is neither a string nor an array of strings")
        << audience;
  }
  ClaimRules any = rules();
  any.audiences.clear();
  EXPECT_EQ(refusal(claimsWith("", "aud"), any), "");
  any.audiences = {"a", "orders"};
  EXPECT_EQ(refusal(claimsWith(""), any), "");
}

TEST(Claims, Expire) {
  EXPECT_EQ(refusedExpiry("1799999941"), "");
  EXPECT_EQ(refusedExpiry("1799999940"), "the token has expired");
  EXPECT_EQ(refusedExpiry("1799999940.5"), "");
  EXPECT_EQ(refusedExpiry("1799999939.5", kNow - Milliseconds(501)), "");
  EXPECT_EQ(refusedExpiry("1799999939.5", kNow - Milliseconds(499)), "the token has expired");
  EXPECT_EQ(refusedExpiry("1.8e9"), "");
  EXPECT_EQ(refusedExpiry("0"), "the token has expired");
  EXPECT_EQ(refusedExpiry("9007199254740992"), "");
  const Refusal refused = parsed(claimsWith(R"("exp":1)", "exp")).check(rules(), kNow);
  EXPECT_EQ(refused.kind, Refusal::Kind::kExpired);
}

TEST(Claims, HaveTimesThatAreNumbers) {
  for (const std::string_view name : {"exp", "nbf", "iat"}) {
    for (const std::string_view value :
         {"\"1800000300\"", "null", "true", "[1800000300]", "{}", "-1", "9007199254740994e0",
          "1e300", "18446744073709551615", "-0.001"}) {
      const std::string member = '"' + std::string(name) + "\":" + std::string(value);
      EXPECT_EQ(refusal(claimsWith(member, name)), "exp, nbf or iat is not a time") << member;
    }
  }
}

TEST(Claims, MayLackAnExpiryIfThatIsAllowed) {
  EXPECT_EQ(refusal(claimsWith("", "exp")), "exp is missing");
  ClaimRules lenient = rules();
  lenient.require_expiry = false;
  EXPECT_EQ(refusal(claimsWith("", "exp"), lenient), "");
  EXPECT_EQ(parsed(claimsWith("", "exp")).refusedFrom(seconds(60)), Nanoseconds::max());
  EXPECT_EQ(parsed(claimsWith("")).refusedFrom(seconds(60)), seconds(1'800'000'360));
}

TEST(Claims, BeginToBeValid) {
  EXPECT_EQ(refusal(claimsWith(R"("nbf":1800000060)")), "");
  EXPECT_EQ(refusal(claimsWith(R"("nbf":1800000061)")), "the token is not valid yet");
  EXPECT_EQ(refusal(claimsWith(R"("iat":1800000060)")), "");
  EXPECT_EQ(refusal(claimsWith(R"("iat":1800000060.1)")), "the token was issued in the future");
}

TEST(Claims, HaveALimitedLifetime) {
  ClaimRules limited = rules();
  limited.max_lifetime = seconds(600);
  EXPECT_EQ(refusal(claimsWith(R"("iat":1799999700)"), limited), "");
  EXPECT_EQ(refusal(claimsWith(R"("iat":1799999699)"), limited),
            "the token is valid for longer than max_lifetime");
  EXPECT_EQ(refusal(claimsWith(""), limited), "iat is missing");
  limited.require_expiry = false;
  EXPECT_EQ(refusal(claimsWith(R"("iat":1799999700)", "exp"), limited), "exp is missing");
}

TEST(Claims, HaveASubjectThatIsAString) {
  EXPECT_EQ(refusal(claimsWith(R"("sub":"a")")), "");
  EXPECT_EQ(refusal(claimsWith(R"("sub":["a"])")), "sub is not a string");
}

TEST(Claims, ListScopes) {
  using Texts = std::vector<std::string_view>;
  const auto scopes = [](const Claims& claims) { return claims.scopes(); };
  const Claims words = parsed(R"({"scope":" read  write admin:x "})");
  EXPECT_EQ(scopes(words), (Texts{"read", "write", "admin:x"}));
  const Claims list = parsed(R"({"scp":["read",1,"write x"]})");
  EXPECT_EQ(scopes(list), (Texts{"read", "write x"}));
  EXPECT_EQ(scopes(parsed(R"({"scope":{"read":1}})")), Texts());
  EXPECT_EQ(scopes(parsed("{}")), Texts());
  const Claims groups = parsed(R"({"groups":["a","b"]})");
  EXPECT_EQ(groups.groups(), (Texts{"a", "b"}));
  EXPECT_EQ(parsed(R"({"groups":{"a":"b"}})").groups(), Texts());
}

TEST(Claims, MeetRequirements) {
  const Claims claims = parsed(
      R"({"scope":"read write","tenant":"x","level":3,"beta":true,"roles":["a","b"],
          "realm":{"roles":["c"]},"https://x.example/y":"z"})");
  const auto kind = [&claims](const Requirements& wanted) { return claims.check(wanted).kind; };
  using Kind = Refusal::Kind;
  EXPECT_EQ(kind({}), Kind::kNone);
  EXPECT_EQ(kind({.scopes_all = {"read", "write"}}), Kind::kNone);
  EXPECT_EQ(kind({.scopes_all = {"read", "admin"}}), Kind::kScope);
  EXPECT_EQ(kind({.scopes_any = {"admin", "read"}}), Kind::kNone);
  EXPECT_EQ(kind({.scopes_any = {"admin", "rea"}}), Kind::kScope);
  EXPECT_EQ(kind({.claims = {{"tenant", "x"}, {"level", "3"}, {"beta", "true"}, {"roles", "b"}}}),
            Kind::kNone);
  EXPECT_EQ(kind({.claims = {{"/realm/roles", "c"}, {"https://x.example/y", "z"}}}), Kind::kNone);
  EXPECT_EQ(kind({.claims = {{"tenant", "X"}}}), Kind::kClaim);
  EXPECT_EQ(kind({.claims = {{"none", ""}}}), Kind::kClaim);
  EXPECT_EQ(kind({.claims = {{"realm", "roles"}}}), Kind::kClaim);
  EXPECT_EQ(parsed(R"({"a":null})").check({.claims = {{"a", "null"}}}).kind, Kind::kClaim);
}

}  // namespace
}  // namespace weir::jose
