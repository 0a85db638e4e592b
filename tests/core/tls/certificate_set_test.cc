#include "core/tls/certificate_set.h"

#include <gtest/gtest.h>

#include "tests/support/test_certificates.h"

namespace weir::tls {
namespace {

using KeyType = Certificate::KeyType;

TEST(CertificateSet, FindsByNameThenByWildcard) {
  const test::TestAuthority authority;
  const auto exact = authority.certificate({"a.example.org"});
  const auto wild = authority.certificate({"*.example.org"});
  const CertificateSet set({exact, wild});
  EXPECT_EQ(set.find("a.example.org").ecdsa, exact.get());
  EXPECT_EQ(set.find("b.example.org").ecdsa, wild.get());
  // A wildcard matches one label.
  EXPECT_TRUE(set.find("c.b.example.org").empty());
  EXPECT_TRUE(set.find("example.org").empty());
  EXPECT_TRUE(set.find("").empty());
  EXPECT_TRUE(set.find(".example.org").empty());
}

TEST(CertificateSet, KeepsBothKindsOfKeysForAName) {
  const test::TestAuthority authority;
  const auto ecdsa = authority.certificate({"a"});
  const auto rsa = authority.certificate({"a"}, KeyType::kRsa);
  const auto later = authority.certificate({"a"});
  const CertificateSet set({ecdsa, rsa, later});
  EXPECT_EQ(set.find("a").ecdsa, ecdsa.get());
  EXPECT_EQ(set.find("a").rsa, rsa.get());
  EXPECT_EQ(set.fallback().ecdsa, ecdsa.get());
  EXPECT_EQ(set.fallback().rsa, rsa.get());
}

TEST(CertificateSet, FallsBackToTheFirst) {
  const test::TestAuthority authority;
  const auto first = authority.certificate({"a"}, KeyType::kRsa);
  const CertificateSet set({first, authority.certificate({"b"})});
  EXPECT_EQ(set.fallback().rsa, first.get());
  EXPECT_EQ(set.fallback().ecdsa, nullptr);
}

}  // namespace
}  // namespace weir::tls
