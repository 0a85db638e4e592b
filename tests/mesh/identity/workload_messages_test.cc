#include "mesh/identity/workload_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/workload_message.h"

namespace weir::mesh::workload {
namespace {

using test::WorkloadMessage;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kCartId = "spiffe://shop.test/ns/shop/sa/cart";

class WorkloadMessagesTest : public ::testing::Test {
 protected:
  std::string faultIn(const WorkloadMessage& message) {
    std::string why;
    const auto read = readSvidResponse(message.bytes(), why);
    return read ? "" : why;
  }
  std::string faultOfUse(const WorkloadMessage::Svid& svid) {
    std::string why;
    const WorkloadMessage message = WorkloadMessage().add(svid);
    const auto read = readSvidResponse(message.bytes(), why);
    if (!read) return "not read: " + why;
    return identityOf(*read, read->svids.front(), why) == nullptr ? why : "";
  }

  test::TestAuthority authority;
  WorkloadMessage::Svid cart = WorkloadMessage::svid(authority, kCartId, "internal");
};

TEST_F(WorkloadMessagesTest, ReadsAnIdentityWithItsTrust) {
  const test::TestAuthority partner;
  const WorkloadMessage message =
      WorkloadMessage()
          .add(cart)
          .federate("spiffe://partner.test", test::derOf(partner.root().certificate))
          .federate("other.test", "");
  std::string why;
  const auto read = readSvidResponse(message.bytes(), why);
  ASSERT_TRUE(read) << why;
  ASSERT_EQ(read->svids.size(), 1U);
  EXPECT_EQ(read->svids.front().hint, "internal");
  const auto identity = identityOf(*read, read->svids.front(), why);
  ASSERT_NE(identity, nullptr) << why;
  EXPECT_EQ(identity->certificate->identity(), kCartId);
  EXPECT_THAT(identity->bundles->domains(), ElementsAre("other.test", "partner.test", "shop.test"));
}

TEST_F(WorkloadMessagesTest, ChoosesByIdElseByHintElseTheFirst) {
  const auto other = WorkloadMessage::svid(authority, "spiffe://shop.test/other", "external");
  const auto third = WorkloadMessage::svid(authority, "spiffe://shop.test/third", "external");
  const WorkloadMessage message = WorkloadMessage().add(cart).add(other).add(third);
  std::string why;
  const auto read = readSvidResponse(message.bytes(), why);
  ASSERT_TRUE(read) << why;
  const auto chosen = [&](const SvidChoice& choice) {
    const Svid* const found = choose(*read, choice);
    return found == nullptr ? std::string("none") : std::string(found->id);
  };
  EXPECT_EQ(chosen({}), kCartId);
  EXPECT_EQ(chosen({.id = "spiffe://shop.test/third", .hint = {}}), "spiffe://shop.test/third");
  EXPECT_EQ(chosen({.id = {}, .hint = "external"}), "spiffe://shop.test/other");
  EXPECT_EQ(chosen({.id = "spiffe://shop.test/fourth", .hint = {}}), "none");
  EXPECT_EQ(chosen({.id = {}, .hint = "unknown"}), "none");
}

TEST_F(WorkloadMessagesTest, RefusesMessagesWithoutAMandatoryField) {
  EXPECT_EQ(faultIn(WorkloadMessage()), "has no identity");
  for (const auto member : {&WorkloadMessage::Svid::id, &WorkloadMessage::Svid::chain,
                            &WorkloadMessage::Svid::key, &WorkloadMessage::Svid::bundle}) {
    WorkloadMessage::Svid incomplete = cart;
    (incomplete.*member).clear();
    EXPECT_EQ(faultIn(WorkloadMessage().add(cart).add(incomplete)),
              "lacks the ID, certificate, key or bundle of an identity");
  }
}

TEST_F(WorkloadMessagesTest, RefusesMessagesOverALimit) {
  WorkloadMessage identities;
  for (std::size_t i = 0; i < kMostSvids; ++i) identities.add(cart);
  EXPECT_EQ(faultIn(identities), "");
  EXPECT_EQ(faultIn(identities.add(cart)), "has more than 64 identities");
  WorkloadMessage bundles = WorkloadMessage().add(cart);
  for (std::size_t i = 0; i < kMostBundles; ++i) bundles.federate("d" + std::to_string(i), "");
  EXPECT_EQ(faultIn(bundles), "");
  EXPECT_EQ(faultIn(bundles.federate("another", "")), "has more than 256 federated bundles");
  WorkloadMessage lists = WorkloadMessage().add(cart);
  for (std::size_t i = 0; i < kMostRevocations; ++i) lists.revoke("list");
  EXPECT_EQ(faultIn(lists), "");
  EXPECT_EQ(faultIn(lists.revoke("list")), "has more than 256 revocation lists");
}

TEST_F(WorkloadMessagesTest, RefusesWhatIsMalformed) {
  std::string why;
  EXPECT_FALSE(readSvidResponse("\xFF\xFF", why));
  EXPECT_EQ(why, "is malformed");
  EXPECT_EQ(faultIn(WorkloadMessage().add(cart).federate("NOT/A DOMAIN", "")),
            "has a bundle of an invalid trust domain");
}

TEST_F(WorkloadMessagesTest, RefusesIdentitiesThatCannotBeUsed) {
  EXPECT_EQ(faultOfUse(cart), "");
  WorkloadMessage::Svid bad = cart;
  bad.chain = "no certificate";
  EXPECT_THAT(faultOfUse(bad), HasSubstr("contains no certificate in DER format"));
  bad = cart;
  bad.key = "no key";
  EXPECT_THAT(faultOfUse(bad), HasSubstr("contains no private key in PKCS #8 format"));
  bad = cart;
  bad.key = WorkloadMessage::svid(authority, kCartId).key;
  EXPECT_THAT(faultOfUse(bad), HasSubstr("the key does not belong to the certificate"));
  bad = cart;
  bad.bundle = "no bundle";
  EXPECT_EQ(faultOfUse(bad), "contains a malformed CA certificate");
  bad = cart;
  bad.id = "spiffe://shop.test/other";
  EXPECT_THAT(faultOfUse(bad), HasSubstr("is for another SPIFFE ID"));
}

TEST_F(WorkloadMessagesTest, RefusesAnExpiredIdentity) {
  tls::CertificateRequest request;
  request.name = "workload";
  request.identity = kCartId;
  request.not_before = test::TestAuthority::now() - 2 * test::kHour;
  request.not_after = test::TestAuthority::now() - test::kHour;
  const tls::KeyPair pair = authority.issueFor(std::move(request));
  cart.chain = test::derOf(pair.certificate);
  cart.key = test::derOf(pair.key);
  EXPECT_THAT(faultOfUse(cart), HasSubstr("is not valid at this time"));
}

TEST_F(WorkloadMessagesTest, RefusesMalformedTrust) {
  std::string why;
  const WorkloadMessage revoking = WorkloadMessage().add(cart).revoke("no list");
  auto read = readSvidResponse(revoking.bytes(), why);
  ASSERT_TRUE(read);
  EXPECT_EQ(identityOf(*read, read->svids.front(), why), nullptr);
  EXPECT_EQ(why, "contains a malformed revocation list");
  const WorkloadMessage federating = WorkloadMessage().add(cart).federate("partner.test", "none");
  read = readSvidResponse(federating.bytes(), why);
  ASSERT_TRUE(read);
  EXPECT_EQ(identityOf(*read, read->svids.front(), why), nullptr);
  EXPECT_EQ(why, "contains a malformed CA certificate");
}

}  // namespace
}  // namespace weir::mesh::workload
