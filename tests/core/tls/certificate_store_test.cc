#include "core/tls/certificate_store.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/test_certificates.h"

namespace weir::tls {
namespace {

class CertificateStoreTest : public ::testing::Test {
 protected:
  CertificateStoreTest() {
    std::string path = testing::TempDir() + "weir-XXXXXX";
    folder = mkdtemp(path.data());
    cert = folder + "/a.crt";
    key = folder + "/a.key";
  }
  ~CertificateStoreTest() override { std::filesystem::remove_all(folder); }

  static void write(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
  }
  void write(const KeyPair& pair) {
    write(cert, pair.certificate);
    write(key, pair.key);
  }
  // The certificate that a plan would use from now on.
  std::shared_ptr<const Certificate> use() {
    in_use = store.load({cert, key, Certificate::Use::kServer}, why);
    store.commit();
    return in_use;
  }

  test::TestAuthority authority;
  CertificateStore store;
  std::string folder;
  std::string cert;
  std::string key;
  std::string why;
  std::shared_ptr<const Certificate> in_use;
};

TEST_F(CertificateStoreTest, ReadsAPair) {
  write(authority.issue({"a.test"}));
  ASSERT_NE(use(), nullptr);
  EXPECT_EQ(in_use->names(), std::vector<std::string>{"a.test"});
  EXPECT_EQ(store.takeRefreshes().renewed, 0U);
}

TEST_F(CertificateStoreTest, SaysWhatIsWrongWithTheFirst) {
  EXPECT_EQ(use(), nullptr);
  EXPECT_EQ(why, "cannot read " + cert + ": No such file or directory, nor " + key);
}

TEST_F(CertificateStoreTest, KeepsOneThatDidNotChange) {
  write(authority.issue({"a.test"}));
  const auto before = use();
  EXPECT_EQ(use(), before);
  EXPECT_EQ(store.takeRefreshes().renewed, 0U);
}

TEST_F(CertificateStoreTest, TakesANewPair) {
  write(authority.issue({"a.test"}));
  use();
  write(authority.issue({"b.test"}));
  EXPECT_EQ(use()->names(), std::vector<std::string>{"b.test"});
  EXPECT_EQ(store.takeRefreshes().renewed, 1U);
}

TEST_F(CertificateStoreTest, KeepsTheOldOneInPlaceOfABadPairAndTellsOnce) {
  write(authority.issue({"a.test"}));
  const auto before = use();
  write(key, authority.issue({"b.test"}).key);
  EXPECT_EQ(use(), before);
  EXPECT_EQ(use(), before);
  const Refreshes refreshes = store.takeRefreshes();
  EXPECT_EQ(refreshes.renewed, 0U);
  ASSERT_EQ(refreshes.troubles.size(), 1U);
  EXPECT_EQ(refreshes.troubles[0],
            cert + " and " + key + ": the key does not belong to the certificate");
}

TEST_F(CertificateStoreTest, KeepsTheOldOneInPlaceOfOneThatIsOutOfDate) {
  write(authority.issue({"a.test"}));
  const auto before = use();
  CertificateRequest late;
  late.name = "a.test";
  late.dns_names = {"a.test"};
  late.not_before = test::TestAuthority::now() - test::kHour;
  late.not_after = test::TestAuthority::now() - test::kHour / 2;
  write(authority.issueFor(late));
  EXPECT_EQ(use(), before);
  ASSERT_EQ(store.takeRefreshes().troubles.size(), 1U);
}

TEST_F(CertificateStoreTest, KeepsTheOldOneInPlaceOfOneThatCannotSign) {
  write(authority.issue({"a.test"}));
  const auto before = use();
  write(authority.root());  // whose key may only sign certificates
  EXPECT_EQ(use(), before);
  EXPECT_EQ(store.takeRefreshes().troubles.at(0),
            cert + ": may not sign, by its key usage: TLS needs digitalSignature");
}

TEST_F(CertificateStoreTest, JudgesEachUseOnItsOwn) {
  write(authority.issue({"a.test"}));
  EXPECT_NE(use(), nullptr);
  EXPECT_EQ(store.load({cert, key, Certificate::Use::kNodeServer}, why), nullptr);
  EXPECT_EQ(why, cert + ": has no name of the form spiffe://DOMAIN/...");
}

TEST_F(CertificateStoreTest, KeepsTheIdentityInPlaceOfACertificateWithoutOne) {
  CertificateRequest node;
  node.name = "node";
  node.identity = "spiffe://a.test/node";
  write(authority.issueFor(node));
  const auto load = [&] {
    auto loaded = store.load({cert, key, Certificate::Use::kNodeClient}, why);
    store.commit();
    return loaded;
  };
  const auto before = load();
  ASSERT_NE(before, nullptr);
  write(authority.issue({"a.test"}));
  EXPECT_EQ(load(), before);
  EXPECT_EQ(store.takeRefreshes().troubles.size(), 1U);
}

TEST_F(CertificateStoreTest, ForgetsWhatAPlanThatFailedHadLoaded) {
  write(authority.issue({"a.test"}));
  const auto before = use();
  write(authority.issue({"b.test"}));
  store.load({cert, key, Certificate::Use::kServer}, why);
  store.rollBack();
  write(key, "no key");
  EXPECT_EQ(use(), before);
}

TEST_F(CertificateStoreTest, DoesNotFallBackOnOneThatNoPlanUses) {
  write(authority.issue({"a.test"}));
  use();
  in_use = nullptr;
  write(key, "no key");
  EXPECT_EQ(use(), nullptr);
}

}  // namespace
}  // namespace weir::tls
