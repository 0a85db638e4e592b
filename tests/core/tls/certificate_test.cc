#include "core/tls/certificate.h"

#include <gtest/gtest.h>

#include "tests/support/test_certificates.h"

namespace weir::tls {
namespace {

using test::TestAuthority;

TEST(Certificate, SaysWhatItHoldsFor) {
  const TestAuthority authority;
  const KeyPair pair = authority.issue({"Example.org", "*.example.org"});
  const auto parsed = Certificate::parse(pair.certificate, pair.key, "edge.crt");
  ASSERT_TRUE(parsed.ok()) << parsed.error().detail;
  const Certificate& certificate = *parsed.value();
  EXPECT_EQ(certificate.names(), (std::vector<std::string>{"example.org", "*.example.org"}));
  EXPECT_EQ(certificate.subject(), "CN=Example.org");
  EXPECT_EQ(certificate.issuer(), "CN=test root");
  EXPECT_EQ(certificate.source(), "edge.crt");
  EXPECT_EQ(certificate.keyType(), Certificate::KeyType::kEcdsa);
}

TEST(Certificate, KnowsItsTime) {
  const TestAuthority authority;
  CertificateRequest request;
  request.name = "x";
  request.dns_names = {"x"};
  request.not_before = std::chrono::seconds(1'700'000'000);
  request.not_after = std::chrono::seconds(1'700'003'600);
  const auto certificate = TestAuthority::parsed(authority.issueFor(request));
  EXPECT_EQ(certificate->notBefore(), request.not_before);
  EXPECT_EQ(certificate->notAfter(), request.not_after);
  EXPECT_FALSE(certificate->validAt(request.not_before - Nanoseconds(1)));
  EXPECT_TRUE(certificate->validAt(request.not_before));
  EXPECT_FALSE(certificate->validAt(request.not_after));
}

TEST(Certificate, KnowsTheKindOfItsKey) {
  const TestAuthority authority;
  EXPECT_EQ(authority.certificate({"x"}, Certificate::KeyType::kRsa)->keyType(),
            Certificate::KeyType::kRsa);
}

TEST(Certificate, RefusesAKeyOfAnotherCertificate) {
  const TestAuthority authority;
  const auto parsed =
      Certificate::parse(authority.issue({"a"}).certificate, authority.issue({"a"}).key);
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().detail, "the key does not belong to the certificate");
}

TEST(Certificate, RefusesTextsThatAreNone) {
  const TestAuthority authority;
  const KeyPair pair = authority.issue({"a"});
  const auto what = [](std::string_view chain, std::string_view key) {
    const auto parsed = Certificate::parse(chain, key);
    return parsed.ok() ? std::string_view("ok") : parsed.error().detail;
  };
  EXPECT_EQ(what("", pair.key), "contains no certificate in PEM format");
  EXPECT_EQ(what(pair.key, pair.key), "contains no certificate in PEM format");
  EXPECT_EQ(what(pair.certificate, ""), "contains no private key in PEM format");
  EXPECT_EQ(what(pair.certificate, pair.certificate), "contains no private key in PEM format");
  // Truncated within the second certificate.
  const std::string two = pair.certificate + pair.certificate;
  EXPECT_EQ(what(two.substr(0, two.size() - 60), pair.key),
            "contains no certificate in PEM format");
}

}  // namespace
}  // namespace weir::tls
