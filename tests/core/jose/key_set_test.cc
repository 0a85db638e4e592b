#include "core/jose/key_set.h"

#include <gtest/gtest.h>

#include "core/base/check.h"
#include "tests/support/token_signer.h"

namespace weir::jose {
namespace {

using test::base64Url;
using test::TokenSigner;

std::string setOf(const std::vector<std::string>& keys) {
  std::string text = R"({"keys":[)";
  for (const std::string& key : keys) text += (text.back() == '[' ? "" : ",") + key;
  return text + "]}";
}

// Why a set of this key alone is not accepted; empty if it is.
std::string_view jwkRefusal(const std::string& jwk) {
  const auto json = Json::parse(jwk, {.bytes = KeySet::kMostBytes});
  WEIR_CHECK(json.ok());
  const auto read = Jwk::read(json.value().root());
  return read.ok() ? "" : read.error().detail;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  WEIR_CHECK(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

const TokenSigner& p256() {
  static const TokenSigner signer("ES256");
  return signer;
}

TEST(KeySet, ReadsEveryType) {
  const auto set = KeySet::parse(
      setOf({p256().jwk(R"("kid":"a","use":"sig","alg":"ES256")"), TokenSigner("ES384").jwk(),
             TokenSigner("ES512").jwk(R"("key_ops":["verify"])"), TokenSigner("EdDSA").jwk(),
             TokenSigner("RS256").jwk(R"("x5c":["ignored"],"x5t":"ignored")")}));
  ASSERT_TRUE(set.ok());
  EXPECT_EQ(set.value().size(), 5U);
  EXPECT_EQ(set.value().leftOut(), 0U);
  EXPECT_TRUE(set.value().knows("a"));
  EXPECT_FALSE(set.value().knows("b"));
  EXPECT_FALSE(set.value().knows(""));
}

TEST(KeySet, LeavesOutKeysThatItCannotUse) {
  const auto set = KeySet::parse(setOf({R"({"kty":"oct","k":"AAAA"})", R"({"kty":"AKP"})", "1",
                                        "{}", p256().jwk(), p256().jwk(R"("use":"enc")")}));
  ASSERT_TRUE(set.ok());
  EXPECT_EQ(set.value().size(), 1U);
  EXPECT_EQ(set.value().leftOut(), 5U);
  EXPECT_EQ(set.value().whyLeftOut(), "it is not for signatures");
}

TEST(KeySet, IsNotEmpty) {
  for (const std::string_view text : {R"({"keys":[]})", R"({"keys":[{"kty":"oct","k":"AAAA"}]})"}) {
    const auto set = KeySet::parse(text);
    ASSERT_FALSE(set.ok());
    EXPECT_EQ(set.error().detail, "has no key that can be used");
  }
  for (const std::string_view text : {"{}", "[]", R"({"keys":{}})", R"({"Keys":[]})", "null"}) {
    const auto set = KeySet::parse(text);
    ASSERT_FALSE(set.ok());
    EXPECT_EQ(set.error().detail, "has no list of keys");
  }
  EXPECT_EQ(KeySet::parse("<html>").error().detail, "is not JSON");
  EXPECT_EQ(KeySet::parse(R"({"keys":[],"keys":[]})").error().detail, "has a duplicate member");
}

TEST(KeySet, IsLimited) {
  std::vector<std::string> keys(KeySet::kMostKeys, p256().jwk());
  EXPECT_EQ(KeySet::parse(setOf(keys)).value().size(), 100U);
  keys.push_back(p256().jwk());
  EXPECT_EQ(KeySet::parse(setOf(keys)).error().detail, "has more than 100 keys");
  std::string text = setOf({p256().jwk()});
  text.resize(KeySet::kMostBytes, ' ');
  EXPECT_TRUE(KeySet::parse(text).ok());
  text += ' ';
  EXPECT_EQ(KeySet::parse(text).error().detail, "is too large");
}

TEST(Jwk, ChecksItsPurpose) {
  EXPECT_EQ(jwkRefusal(p256().jwk(R"("use":"sig","key_ops":["sign","verify"])")), "");
  for (const std::string_view members :
       {R"("use":"enc")", R"("use":1)", R"("use":["sig"])", R"("use":"SIG")", R"("key_ops":[])",
        R"("key_ops":["sign"])", R"("key_ops":"verify")"}) {
    EXPECT_EQ(jwkRefusal(p256().jwk(members)), "it is not for signatures") << members;
  }
  EXPECT_EQ(jwkRefusal(p256().jwk(R"("alg":"ECDH-ES")")), "its algorithm is not supported");
  EXPECT_EQ(jwkRefusal(p256().jwk(R"("alg":"none")")), "its algorithm is not supported");
  EXPECT_EQ(jwkRefusal(p256().jwk(R"("alg":5)")), "its algorithm is not supported");
  EXPECT_EQ(jwkRefusal(p256().jwk(R"("alg":"ES384")")), "its algorithm is for other keys");
  EXPECT_EQ(jwkRefusal(p256().jwk(R"("alg":"HS256")")), "its algorithm is for other keys");
  EXPECT_EQ(jwkRefusal(p256().jwk(R"("kid":7)")), "its kid is not a string");
  EXPECT_EQ(jwkRefusal(p256().jwk(R"("d":"AAAA")")), "it contains a private key");
}

TEST(Jwk, IsAPointOnItsCurve) {
  const std::string zero = base64Url(std::string(32, '\0'));
  const auto point = [](const std::string& curve, const std::string& x, const std::string& y) {
    return R"({"kty":"EC","crv":")" + curve + R"(","x":")" + x + R"(","y":")" + y + R"("})";
  };
  EXPECT_EQ(jwkRefusal(point("P-256", zero, zero)), "the point is not on its curve");
  const std::string most = base64Url(std::string(32, '\xFF'));
  EXPECT_EQ(jwkRefusal(point("P-256", most, most)), "the point is not on its curve");
  EXPECT_EQ(jwkRefusal(point("P-256", zero + "AAAA", zero)), "a coordinate has a wrong length");
  EXPECT_EQ(jwkRefusal(point("P-256", "", "")), "a coordinate has a wrong length");
  EXPECT_EQ(jwkRefusal(point("P-256", zero + "=", zero)), "a coordinate has a wrong length");
  EXPECT_EQ(jwkRefusal(replaced(p256().jwk(), "P-256", "P-384")),
            "a coordinate has a wrong length");
  EXPECT_EQ(jwkRefusal(replaced(p256().jwk(), "P-256", "secp256k1")), "its curve is not supported");
  EXPECT_EQ(jwkRefusal(replaced(p256().jwk(), "EC", "ec")), "its type is not supported");
}

TEST(Jwk, HasARsaKeyOfGoodSize) {
  EXPECT_EQ(jwkRefusal(TokenSigner("RS256", 2048).jwk()), "");
  EXPECT_EQ(jwkRefusal(TokenSigner("RS256", 1024).jwk()), "the RSA key has less than 2048 bits");
  const auto rsa = [](std::size_t bytes, char last, const std::string& exponent) {
    std::string modulus(bytes, '\xFF');
    modulus.back() = last;
    return R"({"kty":"RSA","n":")" + base64Url(modulus) + R"(","e":")" + exponent + R"("})";
  };
  EXPECT_EQ(jwkRefusal(rsa(256, '\xFF', "AQAB")), "");
  EXPECT_EQ(jwkRefusal(rsa(256, '\xFE', "AQAB")), "the RSA key is not valid");  // even
  EXPECT_EQ(jwkRefusal(rsa(1024, '\xFF', "AQAB")), "");
  EXPECT_EQ(jwkRefusal(rsa(1025, '\xFF', "AQAB")), "the RSA key has more than 8192 bits");
  EXPECT_EQ(jwkRefusal(rsa(300000, '\xFF', "AQAB")), "the RSA key has more than 8192 bits");
  for (const std::string_view exponent : {"", "AQ", "AA", "Ag", "AQAA", "____________"}) {
    EXPECT_NE(jwkRefusal(rsa(256, '\xFF', std::string(exponent))), "") << exponent;
  }
  EXPECT_EQ(jwkRefusal(R"({"kty":"RSA"})"), "the RSA key has less than 2048 bits");
}

TEST(Jwk, HasAnEdwardsKeyOfItsCurve) {
  const std::string jwk = TokenSigner("EdDSA").jwk();
  EXPECT_EQ(jwkRefusal(replaced(jwk, "Ed25519", "Ed448")), "its curve is not supported");
  EXPECT_EQ(jwkRefusal(replaced(jwk, "Ed25519", "X25519")), "its curve is not supported");
  EXPECT_EQ(jwkRefusal(R"({"kty":"OKP","crv":"Ed25519","x":"AAAA"})"),
            "the key has a wrong length");
}

TEST(Key, OfASecretIsLongEnough) {
  EXPECT_FALSE(Key::secret(std::string(31, 'a')).ok());
  const auto key = Key::secret(std::string(32, 'a'));
  ASSERT_TRUE(key.ok());
  EXPECT_TRUE(key.value().fits(Algorithm::kHs256));
  EXPECT_FALSE(key.value().fits(Algorithm::kHs384));
  EXPECT_FALSE(key.value().fits(Algorithm::kEs256));
  EXPECT_TRUE(Key::secret(std::string(64, 'a')).value().fits(Algorithm::kHs512));
}

TEST(KeySet, ChoosesKeysByTheirId) {
  const TokenSigner other("ES256");
  const auto set = KeySet::parse(setOf({p256().jwk(R"("kid":"a")"), other.jwk(R"("kid":"b")")}));
  ASSERT_TRUE(set.ok());
  const auto outcome = [&set](const std::string& token) {
    const auto jws = Jws::read(token);
    WEIR_CHECK(jws.ok());
    return set.value().verify(jws.value());
  };
  using Outcome = KeySet::Outcome;
  EXPECT_EQ(outcome(p256().token("{}", R"("kid":"a")")), Outcome::kGood);
  EXPECT_EQ(outcome(p256().token("{}", R"("kid":"b")")), Outcome::kForged);
  EXPECT_EQ(outcome(p256().token("{}", R"("kid":"c")")), Outcome::kUnknownKey);
  EXPECT_EQ(outcome(p256().token("{}", R"("kid":"")")), Outcome::kUnknownKey);
  EXPECT_EQ(outcome(p256().token("{}", R"("kid":"A")")), Outcome::kUnknownKey);
  EXPECT_EQ(outcome(other.token("{}")), Outcome::kGood);  // no id: every fitting key
  EXPECT_EQ(outcome(TokenSigner("ES256").token("{}")), Outcome::kForged);
  EXPECT_EQ(outcome(TokenSigner("ES384").token("{}", R"("kid":"a")")), Outcome::kUnfitting);
  EXPECT_EQ(outcome(TokenSigner("EdDSA").token("{}")), Outcome::kUnfitting);
}

TEST(KeySet, TriesAtMostEightKeysWithoutAnId) {
  const TokenSigner last("ES256");
  std::vector<std::string> keys(7, p256().jwk());
  keys.push_back(last.jwk());
  const std::string token = last.token("{}");
  const auto jws = Jws::read(token);
  ASSERT_TRUE(jws.ok());
  EXPECT_EQ(KeySet::parse(setOf(keys)).value().verify(jws.value()), KeySet::Outcome::kGood);
  keys.insert(keys.begin(), p256().jwk());
  EXPECT_EQ(KeySet::parse(setOf(keys)).value().verify(jws.value()), KeySet::Outcome::kForged);
  keys.insert(keys.begin(), TokenSigner("EdDSA").jwk());  // does not fit: not tried
  keys.erase(keys.begin() + 1);
  EXPECT_EQ(KeySet::parse(setOf(keys)).value().verify(jws.value()), KeySet::Outcome::kGood);
}

TEST(KeySet, ObeysTheAlgorithmOfAKey) {
  const TokenSigner pss("PS256");
  const std::string pss_token = pss.token("{}");
  const auto jws = Jws::read(pss_token);
  ASSERT_TRUE(jws.ok());
  EXPECT_EQ(KeySet::parse(pss.keySet()).value().verify(jws.value()), KeySet::Outcome::kGood);
  EXPECT_EQ(KeySet::parse(pss.keySet(R"("alg":"PS256")")).value().verify(jws.value()),
            KeySet::Outcome::kGood);
  EXPECT_EQ(KeySet::parse(pss.keySet(R"("alg":"RS256")")).value().verify(jws.value()),
            KeySet::Outcome::kUnfitting);
}

TEST(KeySet, OfASecretIgnoresIds) {
  const std::string secret(32, 's');
  const KeySet set = KeySet::of(std::move(Key::secret(secret).value()));
  const std::string text = base64Url(R"({"alg":"HS256","kid":"any"})") + "." + base64Url("{}");
  const std::string token = text + "." + base64Url(test::macOf("HS256", secret, text));
  EXPECT_EQ(set.verify(Jws::read(token).value()), KeySet::Outcome::kGood);
  const std::string forged = text + "." + base64Url(test::macOf("HS256", secret + "x", text));
  EXPECT_EQ(set.verify(Jws::read(forged).value()), KeySet::Outcome::kForged);
}

}  // namespace
}  // namespace weir::jose
