#include "core/tls/authority.h"

#include <gtest/gtest.h>

#include "tests/support/test_certificates.h"

namespace weir::tls {
namespace {

using test::kHour;
using test::TestAuthority;

CertificateRequest requestFor(const std::string& name) {
  CertificateRequest request;
  request.name = name;
  request.dns_names = {"a.test"};
  request.not_before = TestAuthority::now();
  request.not_after = TestAuthority::now() + kHour;
  return request;
}

TEST(Authority, TakesNamesThatASubjectCanHold) {
  const TestAuthority authority;
  EXPECT_TRUE(issue(authority.root(), requestFor(std::string(64, 'a'))).ok());
  for (const std::string& bad : {std::string(), std::string(65, 'a'), std::string("\xFF\xFE")}) {
    EXPECT_EQ(issue(authority.root(), requestFor(bad)).error().detail,
              "the name must have 1 to 64 bytes of UTF-8 text");
    EXPECT_FALSE(makeRoot(bad, TestAuthority::now(), TestAuthority::now() + kHour).ok());
  }
}

TEST(Authority, TakesTimesThatACertificateCanHold) {
  const TestAuthority authority;
  CertificateRequest request = requestFor("a");
  request.not_after = request.not_before;
  EXPECT_FALSE(issue(authority.root(), request).ok());
  EXPECT_FALSE(makeRoot("a", TestAuthority::now(), TestAuthority::now() - kHour).ok());
}

TEST(Authority, TakesNamesThatPeersTake) {
  const TestAuthority authority;
  for (const char* bad : {"", "a b", "a..b", "-a.test", "a.test\r\n", "*", "a.*.test"}) {
    CertificateRequest request = requestFor("a");
    request.dns_names = {bad};
    EXPECT_FALSE(issue(authority.root(), request).ok()) << bad;
  }
  for (const char* bad : {"spiffe://a.test", "spiffe://a.test/../x", "https://a.test/x"}) {
    CertificateRequest request = requestFor("a");
    request.identity = bad;
    EXPECT_FALSE(issue(authority.root(), request).ok()) << bad;
  }
}

TEST(Authority, RefusesARootThatIsNone) {
  const TestAuthority authority;
  const KeyPair leaf = authority.issue({"a.test"});
  EXPECT_EQ(issue(leaf, requestFor("b")).error().detail,
            "is not a CA: it may not issue certificates");
}

}  // namespace
}  // namespace weir::tls
