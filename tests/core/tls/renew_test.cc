#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/tls/authority.h"
#include "core/tls/spiffe_id.h"
#include "tests/support/test_certificates.h"

namespace weir::tls {
namespace {

using test::kHour;
using test::TestAuthority;

constexpr std::string_view kWorkload = "spiffe://shop.test/ns/shop/sa/cart";

class RenewTest : public ::testing::Test {
 protected:
  Result<std::string> renewed(std::string_view request,
                              std::string_view identity = kWorkload) const {
    const Nanoseconds today = TestAuthority::now();
    return renew(authority.root(), request, {identity, today - kHour, today + kHour});
  }

  TestAuthority authority;
};

TEST_F(RenewTest, IssuesForTheKeyAndTheIdentity) {
  const SigningRequest made = makeSigningRequest(std::string(kWorkload));
  const auto chain = renewed(made.request);
  ASSERT_TRUE(chain.ok()) << chain.error().detail;
  const auto certificate = Certificate::parse(chain.value(), made.key);
  ASSERT_TRUE(certificate.ok()) << certificate.error().detail;
  EXPECT_EQ(certificate.value()->identity(), kWorkload);
  EXPECT_EQ(certificate.value()->commonName(), "cart");
  EXPECT_TRUE(certificate.value()->names().empty());
  EXPECT_EQ(certificate.value()->faultFor(Certificate::Use::kNodeServer), "");
  EXPECT_EQ(certificate.value()->faultFor(Certificate::Use::kNodeClient), "");
}

TEST_F(RenewTest, TakesARequestWithoutAName) {
  EXPECT_TRUE(renewed(makeSigningRequest("").request).ok());
}

TEST_F(RenewTest, RefusesAnotherName) {
  const auto refused = renewed(makeSigningRequest("spiffe://shop.test/ns/bank/sa/x").request);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kNotFound);
}

TEST_F(RenewTest, RefusesWhatIsNoRequest) {
  for (const std::string& garbage :
       {std::string(), std::string("garbage"), authority.root().certificate,
        std::string("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"
                    "-----END CERTIFICATE REQUEST-----\n")}) {
    const auto refused = renewed(garbage);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  }
}

// The last bytes of the request are its signature.
TEST_F(RenewTest, RefusesARequestThatItsKeyHasNotSigned) {
  std::string request = makeSigningRequest(std::string(kWorkload)).request;
  const std::size_t at = request.find("-----END") - 12;
  request[at] = request[at] == 'A' ? 'B' : 'A';
  const auto refused = renewed(request);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
}

TEST_F(RenewTest, OutlivesNoCa) {
  const SigningRequest made = makeSigningRequest(std::string(kWorkload));
  const Nanoseconds today = TestAuthority::now();
  const auto chain =
      renew(authority.root(), made.request, {kWorkload, today, today + 1000 * kHour});
  ASSERT_TRUE(chain.ok());
  const auto root = Certificate::describe(authority.root().certificate).value();
  EXPECT_EQ(Certificate::describe(chain.value()).value()->notAfter(), root->notAfter());
}

TEST_F(RenewTest, NeedsACa) {
  EXPECT_TRUE(checkRoot(authority.root()).ok());
  const KeyPair leaf = authority.issue({"a.test"});
  EXPECT_EQ(checkRoot(leaf).error().detail, "is not a CA: it may not issue certificates");
  const SigningRequest made = makeSigningRequest(std::string(kWorkload));
  EXPECT_FALSE(
      renew(leaf, made.request, {kWorkload, TestAuthority::now(), TestAuthority::now() + kHour})
          .ok());
}

// As the file of a key is while its pair is being replaced.
TEST_F(RenewTest, FindsTheKeyOfACertificateAmongSeveral) {
  const KeyPair first = authority.issue({"a.test"});
  const KeyPair second = authority.issue({"a.test"});
  EXPECT_TRUE(Certificate::parse(first.certificate, second.key + first.key).ok());
  EXPECT_TRUE(Certificate::parse(second.certificate, second.key + first.key).ok());
  EXPECT_EQ(Certificate::parse(first.certificate, second.key + second.key).error().detail,
            "the key does not belong to the certificate");
}

}  // namespace
}  // namespace weir::tls
