#include "core/jose/jws.h"

#include <functional>

#include <gtest/gtest.h>

#include "core/base/check.h"
#include "core/jose/key_set.h"
#include "tests/support/token_signer.h"

namespace weir::jose {
namespace {

using test::base64Url;
using test::macOf;
using test::TokenSigner;

// One issuer with a key for every algorithm; keys are made once.
const TokenSigner& signerFor(std::string_view algorithm) {
  static std::map<std::string, std::unique_ptr<TokenSigner>> signers;
  auto& signer = signers[std::string(algorithm)];
  if (signer == nullptr) signer = std::make_unique<TokenSigner>(algorithm);
  return *signer;
}

// "good", or why the token is refused.
std::string_view verdict(const std::string& token, const std::string& key_set) {
  const auto keys = KeySet::parse(key_set);
  WEIR_CHECK(keys.ok());
  const auto jws = Jws::read(token);
  if (!jws.ok()) return jws.error().detail;
  constexpr std::string_view kWords[] = {"good", "unknown key", "unfitting", "forged"};
  const std::string_view word = kWords[static_cast<int>(keys.value().verify(jws.value()))];
  if (word == "good" && !jws.value().payload().ok()) return jws.value().payload().error().detail;
  return word;
}

std::vector<std::string> partsOf(const std::string& token) {
  const std::size_t first = token.find('.');
  const std::size_t second = token.find('.', first + 1);
  return {token.substr(0, first), token.substr(first + 1, second - first - 1),
          token.substr(second + 1)};
}

TEST(Jws, VerifiesEveryAlgorithm) {
  for (const std::string algorithm :
       {"ES256", "ES384", "ES512", "EdDSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}) {
    const TokenSigner& signer = signerFor(algorithm);
    const std::string token = signer.token(R"({"sub":"a"})", R"("typ":"JWT")");
    EXPECT_EQ(verdict(token, signer.keySet()), "good") << algorithm;
    EXPECT_EQ(verdict(token, TokenSigner(algorithm).keySet()), "forged") << algorithm;
    EXPECT_EQ(Jws::read(token).value().payload().value(), R"({"sub":"a"})");
    EXPECT_EQ(nameOf(Jws::read(token).value().algorithm()), algorithm);
  }
}

TEST(Jws, KnowsItsHeader) {
  const std::string token =
      signerFor("ES256").token("{}", R"("kid":"k\u00e9","typ":"Application/at+jwt")");
  const auto jws = Jws::read(token);
  ASSERT_TRUE(jws.ok());
  EXPECT_EQ(jws.value().keyId(), "k\xC3\xA9");
  EXPECT_EQ(jws.value().type(), "at+jwt");
  const std::string plain = signerFor("ES256").token("{}");
  EXPECT_EQ(Jws::read(plain).value().keyId(), std::nullopt);
  EXPECT_EQ(Jws::read(plain).value().type(), "");
  EXPECT_TRUE(isType("AT+JWT", "application/at+jwt"));
  EXPECT_FALSE(isType("at+jwt2", "at+jwt"));
  EXPECT_FALSE(isType("", "at+jwt"));
}

struct Attack {
  std::string_view name;
  std::string_view verdict;
  std::function<std::string()> token;
};

std::string withHeader(std::string_view header) {
  return signerFor("ES256").tokenWithHeader(header, "{}");
}
// A token whose signature is any bytes.
std::string withSignature(std::string_view header, std::string_view signature) {
  return base64Url(header) + ".e30." + base64Url(signature);
}
std::string withMac(std::string_view header, std::string_view secret) {
  const std::string text = base64Url(header) + ".e30";
  return text + "." + base64Url(macOf("HS256", secret, text));
}
std::string goodToken() { return signerFor("ES256").token("{}"); }
std::string signatureOf(const std::string& token) { return partsOf(token)[2]; }

void expectVerdicts(const std::vector<Attack>& attacks, const std::string& key_set) {
  for (const Attack& each : attacks) {
    EXPECT_EQ(verdict(each.token(), key_set), each.verdict) << each.name;
  }
}

constexpr std::string_view kParts = "the token does not have three parts";
constexpr std::string_view kBase64 = "a part of the token is not base64url";
constexpr std::string_view kHeader = "the header of the token is not an acceptable JSON object";
constexpr std::string_view kUnsupported = "the algorithm of the token is not supported";

TEST(JwsAttacks, OnTheAlgorithm) {
  const std::string jwk = signerFor("ES256").jwk();
  expectVerdicts(
      {
          {"none", kUnsupported, [] { return withSignature(R"({"alg":"none"})", ""); }},
          {"None", kUnsupported, [] { return withSignature(R"({"alg":"None"})", ""); }},
          {"NONE", kUnsupported, [] { return withSignature(R"({"alg":"NONE"})", ""); }},
          {"nOnE", kUnsupported, [] { return withSignature(R"({"alg":"nOnE"})", "x"); }},
          {"none and a good signature", kUnsupported,
           [] { return withHeader(R"({"alg":"none"})"); }},
          {"empty", kUnsupported, [] { return withHeader(R"({"alg":""})"); }},
          {"missing", kUnsupported, [] { return withHeader("{}"); }},
          {"null", kUnsupported, [] { return withHeader(R"({"alg":null})"); }},
          {"a list", kUnsupported, [] { return withHeader(R"({"alg":["ES256"]})"); }},
          {"a number", kUnsupported, [] { return withHeader(R"({"alg":256})"); }},
          {"in lower case", kUnsupported, [] { return withHeader(R"({"alg":"es256"})"); }},
          {"with a space", kUnsupported, [] { return withHeader(R"({"alg":"ES256 "})"); }},
          {"with a NUL", kUnsupported, [] { return withHeader(R"({"alg":"ES256\u0000"})"); }},
          {"ES256K", kUnsupported, [] { return withHeader(R"({"alg":"ES256K"})"); }},
          {"another curve's", "unfitting", [] { return withHeader(R"({"alg":"ES512"})"); }},
          {"EdDSA", "unfitting", [] { return withHeader(R"({"alg":"EdDSA"})"); }},
          {"RS256", "unfitting", [] { return withHeader(R"({"alg":"RS256"})"); }},
          {"HS256, secret: the JWK", "unfitting",
           [&] { return withMac(R"({"alg":"HS256"})", jwk); }},
          {"HS256, no secret", "unfitting", [] { return withMac(R"({"alg":"HS256"})", ""); }},
          {"twice", kHeader, [] { return withHeader(R"({"alg":"none","alg":"ES256"})"); }},
          {"twice, escaped", kHeader,
           [] { return withHeader(R"({"alg":"ES256","\u0061lg":"none"})"); }},
          {"in a nested object", kUnsupported,
           [] { return withHeader(R"({"x":{"alg":"ES256"}})"); }},
      },
      signerFor("ES256").keySet());
}

TEST(JwsAttacks, OnTheHeader) {
  const TokenSigner own("ES256");
  const std::string jwk = own.jwk();
  expectVerdicts(
      {
          {"its own key", "forged", [&] { return own.token("{}", R"("jwk":)" + jwk); }},
          {"a set elsewhere", "forged",
           [&] { return own.token("{}", R"("jku":"https://evil.example/keys")"); }},
          {"a certificate", "forged", [&] { return own.token("{}", R"("x5c":["MIIB"])"); }},
          {"a certificate elsewhere", "forged",
           [&] { return own.token("{}", R"("x5u":"https://evil.example/c")"); }},
          {"crit", "the token has critical extensions",
           [] { return withHeader(R"({"alg":"ES256","crit":["exp"],"exp":1})"); }},
          {"empty crit", "the token has critical extensions",
           [] { return withHeader(R"({"alg":"ES256","crit":[]})"); }},
          {"crit with b64", "the token has critical extensions",
           [] { return withHeader(R"({"alg":"ES256","crit":["b64"],"b64":true})"); }},
          {"b64", "the payload of the token is not encoded",
           [] { return withHeader(R"({"alg":"ES256","b64":false})"); }},
          {"b64 of another type", "the payload of the token is not encoded",
           [] { return withHeader(R"({"alg":"ES256","b64":"true"})"); }},
          {"enc", "the token is encrypted",
           [] { return withHeader(R"({"alg":"ES256","enc":"A128GCM"})"); }},
          {"kid of a path", "unknown key",
           [] { return withHeader(R"({"alg":"ES256","kid":"../../dev/null"})"); }},
          {"kid of SQL", "unknown key",
           [] { return withHeader(R"({"alg":"ES256","kid":"' OR 1=1 --"})"); }},
          {"kid with a NUL", "unknown key",
           [] { return withHeader(R"({"alg":"ES256","kid":"a\u0000"})"); }},
          {"kid of another case", "unknown key",
           [] { return withHeader(R"({"alg":"ES256","kid":"A"})"); }},
          {"kid null", "kid, typ or cty is not a string",
           [] { return withHeader(R"({"alg":"ES256","kid":null})"); }},
          {"kid list", "kid, typ or cty is not a string",
           [] { return withHeader(R"({"alg":"ES256","kid":["a"]})"); }},
          {"kid number", "kid, typ or cty is not a string",
           [] { return withHeader(R"({"alg":"ES256","kid":0})"); }},
          {"kid twice", kHeader,
           [] { return withHeader(R"({"alg":"ES256","kid":"x","kid":"a"})"); }},
          {"typ list", "kid, typ or cty is not a string",
           [] { return withHeader(R"({"alg":"ES256","typ":["JWT"]})"); }},
          {"a list", "the header of the token is not an object",
           [] { return withHeader(R"(["ES256"])"); }},
          {"a string", "the header of the token is not an object",
           [] { return withHeader(R"("ES256")"); }},
          {"empty", kHeader, [] { return withHeader(""); }},
          {"text after it", kHeader, [] { return withHeader(R"({"alg":"ES256"}x)"); }},
          {"a NUL after it", kHeader,
           [] { return withHeader(std::string_view("{\"alg\":\"ES256\"}\0", 16)); }},
          {"a byte order mark", kHeader,
           [] { return withHeader("\xEF\xBB\xBF{\"alg\":\"ES256\"}"); }},
          {"not UTF-8", kHeader, [] { return withHeader("{\"alg\":\"ES256\",\"x\":\"\xFF\"}"); }},
          {"a comment", kHeader, [] { return withHeader(R"({"alg":"ES256"/**/})"); }},
          {"deep", kHeader,
           [] {
             return withHeader(R"({"alg":"ES256","x":)" + std::string(3000, '[') +
                               std::string(3000, ']') + "}");
           }},
          {"a number out of range", kHeader,
           [] { return withHeader(R"({"alg":"ES256","x":1e999})"); }},
      },
      signerFor("ES256").keySet(R"("kid":"a")"));
}

TEST(JwsAttacks, OnTheForm) {
  expectVerdicts(
      {
          {"nothing", kParts, [] { return ""; }},
          {"one dot", kParts, [] { return "."; }},
          {"two dots", kHeader, [] { return ".."; }},
          {"no signature", kParts, [] { return goodToken().substr(0, goodToken().rfind('.')); }},
          {"an empty signature", "forged",
           [] { return goodToken().substr(0, goodToken().rfind('.') + 1); }},
          {"four parts", kParts, [] { return goodToken() + "."; }},
          {"five parts", kParts, [] { return goodToken() + ".e30.e30"; }},
          {"padding", kBase64, [] { return goodToken() + "=="; }},
          {"a space", kBase64, [] { return goodToken() + " "; }},
          {"a line break", kBase64, [] { return "\n" + goodToken(); }},
          {"a NUL", kBase64, [] { return goodToken() + '\0'; }},
          {"standard base64", kBase64,
           [] { return base64Url(R"({"alg":"ES256"})") + ".e30.+/+/"; }},
          {"the JSON form", kParts,
           [] {
             const auto parts = partsOf(goodToken());
             return R"({"payload":")" + parts[1] + R"(","protected":")" + parts[0] +
                    R"(","signature":")" + parts[2] + R"("})";
           }},
          {"other spare bits of the signature", kBase64,
           [] {
             std::string token = goodToken();  // 64 bytes leave 4 spare bits
             token.back() = static_cast<char>(token.back() + 1);
             return token;
           }},
          {"a payload with padding", "a part of the token is not base64url",
           [] {
             const std::string text = base64Url(R"({"alg":"ES256"})") + ".e30=";
             return text + "." + base64Url(signerFor("ES256").sign(text));
           }},
          {"another payload", "forged",
           [] { return partsOf(goodToken())[0] + ".e30K." + signatureOf(goodToken()); }},
          {"another header", "forged",
           [] { return base64Url(R"({"alg":"ES256" })") + ".e30." + signatureOf(goodToken()); }},
          {"parts exchanged", kUnsupported,
           [] { return "e30." + partsOf(goodToken())[0] + "." + signatureOf(goodToken()); }},
      },
      signerFor("ES256").keySet());
}

constexpr std::string_view kEs256 = R"({"alg":"ES256"})";
// The order of P-256.
constexpr std::string_view kOrder(
    "\xFF\xFF\xFF\xFF\x00\x00\x00\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
    "\xBC\xE6\xFA\xAD\xA7\x17\x9E\x84\xF3\xB9\xCA\xC2\xFC\x63\x25\x51",
    32);

TEST(JwsAttacks, OnSignaturesOfCurves) {
  const std::string zero(32, '\0');
  const std::string one = std::string(31, '\0') + '\x01';
  const std::string order(kOrder);
  const std::string text = base64Url(kEs256) + ".e30";
  const std::string good = signerFor("ES256").sign(text);
  const auto forged = [](std::string_view name, const std::string& signature) {
    return Attack{name, "forged", [signature] { return withSignature(kEs256, signature); }};
  };
  expectVerdicts(
      {forged("(0, 0)", zero + zero), forged("(0, 1)", zero + one), forged("(1, 0)", one + zero),
       forged("(1, 1)", one + one), forged("(n, n)", order + order),
       forged("(n, s)", order + good.substr(32)), forged("(r, n)", good.substr(0, 32) + order),
       forged("(r, 0)", good.substr(0, 32) + zero),
       forged("(s, r)", good.substr(32) + good.substr(0, 32)),
       forged("most", std::string(64, '\xFF')), forged("short", good.substr(0, 63)),
       forged("half", good.substr(0, 32)), forged("long", good + '\0'),
       forged("twice", good + good), forged("leading zeros", '\0' + good),
       forged("DER", "\x30\x44\x02\x20" + good.substr(0, 32) + "\x02\x20" + good.substr(32)),
       forged("wider numbers", zero + good.substr(0, 32) + zero + good.substr(32))},
      signerFor("ES256").keySet());
  EXPECT_EQ(verdict(withSignature(kEs256, good), signerFor("ES256").keySet()), "good");
}

TEST(JwsAttacks, OnSignaturesOfRsa) {
  const TokenSigner& signer = signerFor("RS256");
  constexpr std::string_view kRs256 = R"({"alg":"RS256"})";
  const std::string good = signer.sign(base64Url(kRs256) + ".e30");
  const auto forged = [=](std::string_view name, const std::string& signature) {
    return Attack{name, "forged", [=] { return withSignature(kRs256, signature); }};
  };
  expectVerdicts(
      {forged("0", std::string(256, '\0')),
       forged("1", std::string(255, '\0') + '\x01'),
       forged("most", std::string(256, '\xFF')),
       forged("short", good.substr(1)),
       forged("shorter", good.substr(0, 255)),
       forged("long", '\0' + good),
       forged("longer", good + '\0'),
       forged("empty", ""),
       {"as PS256", "forged", [&] { return signer.tokenWithHeader(R"({"alg":"PS256"})", "{}"); }},
       {"as RS512", "forged", [&] { return signer.tokenWithHeader(R"({"alg":"RS512"})", "{}"); }},
       {"as HS256, secret: the JWK", "unfitting",
        [&] { return withMac(R"({"alg":"HS256"})", signer.jwk()); }}},
      signer.keySet());
  EXPECT_EQ(verdict(withSignature(kRs256, good), signer.keySet()), "good");
  EXPECT_EQ(verdict(signerFor("PS256").tokenWithHeader(kRs256, "{}"), signerFor("PS256").keySet()),
            "forged");
}

TEST(JwsAttacks, OnSignaturesOfEdwardsCurves) {
  const TokenSigner& signer = signerFor("EdDSA");
  constexpr std::string_view kEdDsa = R"({"alg":"EdDSA"})";
  const std::string good = signer.sign(base64Url(kEdDsa) + ".e30");
  std::string malleable = good;  // S + the order of the group (RFC 8032, 8.4)
  constexpr std::string_view kGroup(
      "\xED\xD3\xF5\x5C\x1A\x63\x12\x58\xD6\x9C\xF7\xA2\xDE\xF9\xDE\x14"
      "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10",
      32);
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    const unsigned sum =
        static_cast<unsigned char>(good[32 + i]) + static_cast<unsigned char>(kGroup[i]) + carry;
    malleable[32 + i] = static_cast<char>(sum & 255U);
    carry = sum >> 8U;
  }
  for (const std::string& signature :
       {malleable, std::string(64, '\0'), '\x01' + std::string(63, '\0'), good.substr(0, 63),
        good + '\0', std::string()}) {
    EXPECT_EQ(verdict(withSignature(kEdDsa, signature), signer.keySet()), "forged");
  }
  EXPECT_EQ(verdict(withSignature(kEdDsa, good), signer.keySet()), "good");
}

TEST(JwsAttacks, OnSecrets) {
  const std::string secret(32, 's');
  const KeySet keys = KeySet::of(std::move(Key::secret(secret).value()));
  const auto outcome = [&keys](const std::string& token) {
    return keys.verify(Jws::read(token).value());
  };
  using Outcome = KeySet::Outcome;
  const std::string good = withMac(R"({"alg":"HS256"})", secret);
  EXPECT_EQ(outcome(good), Outcome::kGood);
  const std::string mac = macOf("HS256", secret, base64Url(R"({"alg":"HS256"})") + ".e30");
  for (const std::string& each :
       {mac.substr(0, 31), mac.substr(0, 1), std::string(), mac + '\0', std::string(32, '\0')}) {
    EXPECT_EQ(outcome(withSignature(R"({"alg":"HS256"})", each)), Outcome::kForged);
  }
  EXPECT_EQ(outcome(goodToken()), Outcome::kUnfitting);
  EXPECT_EQ(outcome(withMac(R"({"alg":"HS512"})", secret)), Outcome::kUnfitting);  // too short
}

}  // namespace
}  // namespace weir::jose
