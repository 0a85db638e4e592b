#include "mesh/identity/renewal.h"

#include <optional>
#include <string>
#include <sys/stat.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config/file_text.h"
#include "core/tls/authority.h"
#include "tests/support/fake_client.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/test_certificates.h"

namespace weir::mesh {
namespace {

using test::kHour;
using test::TestAuthority;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kNode = "spiffe://shop.test/ns/shop/sa/cart";

class RenewalTest : public ::testing::Test {
 protected:
  RenewalTest() {
    files = {directory.path() + "/node.crt", directory.path() + "/node.key"};
    renewal.emplace(http,
                    Renewal::Events{[this] { ++renewals; },
                                    [this](const std::string& why) { failures.push_back(why); }});
  }

  // A pair of which that share of its life of ten hours is over.
  void writePair(double share) {
    tls::CertificateRequest request;
    request.name = "cart";
    request.identity = kNode;
    const auto past = std::chrono::duration_cast<Nanoseconds>(share * 10.0 * kHour);
    request.not_before = TestAuthority::now() - past;
    request.not_after = request.not_before + 10 * kHour;
    const tls::KeyPair pair = authority.issueFor(std::move(request));
    test::writeFile(files.cert, pair.certificate);
    test::writeFile(files.key, pair.key);
    ::chmod(files.key.c_str(), 0600);
  }
  void follow() {
    Renewal::Settings settings;
    settings.authority.url = "https://ca.test:8443";
    settings.files = files;
    renewal->follow(settings);
  }
  std::string issued(std::string_view request, std::string_view identity = kNode) const {
    const Nanoseconds now = TestAuthority::now();
    return tls::renew(authority.root(), request, {identity, now - kHour, now + kHour}).value();
  }
  static std::string textOf(const std::string& path) { return config::readFileText(path).text; }

  event::Loop loop{event::Loop::Time::kManual};
  test::FakeClient http{loop};
  TestAuthority authority;
  test::TemporaryDirectory directory;
  PairFiles files;
  int renewals = 0;
  std::vector<std::string> failures;
  std::optional<Renewal> renewal;
};

TEST_F(RenewalTest, AsksOnceSeventyPercentOfTheLifeAreOver) {
  writePair(0.5);
  follow();
  loop.advance(Milliseconds(119 * 60'000));
  EXPECT_EQ(http.count(), 0U);
  writePair(0.71);
  follow();  // as a reload does, because the file has changed
  loop.advance(Milliseconds(2'000));
  ASSERT_EQ(http.count(), 1U);
  EXPECT_EQ(http.last().method, "POST");
  EXPECT_EQ(http.last().authority, "ca.test:8443");
  EXPECT_THAT(http.last().body, HasSubstr("BEGIN CERTIFICATE REQUEST"));
}

TEST_F(RenewalTest, ReplacesThePair) {
  writePair(0.8);
  follow();
  loop.advance(Milliseconds(2'000));
  ASSERT_EQ(http.count(), 1U);
  const std::string before = textOf(files.key);
  const std::string chain = issued(http.last().body);
  http.last().reply(200, chain);
  EXPECT_EQ(renewals, 1);
  EXPECT_THAT(failures, IsEmpty());
  EXPECT_EQ(textOf(files.cert), chain);
  EXPECT_NE(textOf(files.key), before);
  EXPECT_TRUE(tls::Certificate::parse(textOf(files.cert), textOf(files.key)).ok());
  struct stat key {};
  ASSERT_EQ(::stat(files.key.c_str(), &key), 0);
  EXPECT_EQ(key.st_mode & 0777U, 0600U);
  follow();
  loop.advance(Milliseconds(10 * 60'000));
  EXPECT_EQ(http.count(), 1U);  // the new one has most of its life before it
}

TEST_F(RenewalTest, KeepsThePairWhenTheAnswerCannotBeUsed) {
  writePair(0.8);
  const std::string cert = textOf(files.cert);
  const std::string key = textOf(files.key);
  follow();
  const std::string other = "spiffe://shop.test/other";
  const auto answers = {std::string("garbage"), authority.issue({"a.test"}).certificate,
                        issued(tls::makeSigningRequest("").request, other)};
  for (const std::string& answer : answers) {
    loop.advance(Renewal::kBackoff.max);
    http.last().reply(200, answer);
  }
  EXPECT_THAT(failures, ElementsAre("the answer contains no certificate in PEM format",
                                    "the answer the key does not belong to the certificate",
                                    "the answer the key does not belong to the certificate"));
  EXPECT_EQ(textOf(files.cert), cert);
  EXPECT_EQ(textOf(files.key), key);
  EXPECT_EQ(renewals, 0);
}

TEST_F(RenewalTest, AsksAgainAfterPauses) {
  writePair(0.8);
  follow();
  loop.advance(Milliseconds(2'000));
  http.last().reply(403, "not you");
  EXPECT_THAT(failures, ElementsAre("status 403: not you"));
  loop.advance(Renewal::kBackoff.base / 2 - Milliseconds(8));
  EXPECT_EQ(http.count(), 1U);
  loop.advance(Renewal::kBackoff.base / 2 + Milliseconds(16));
  ASSERT_EQ(http.count(), 2U);
  http.last().fail(Reason::kUpstreamConnectRefused,
                   {ErrorCode::kRefused, Origin::kUpstream, "no listener"});
  EXPECT_THAT(failures, ElementsAre("status 403: not you", "no listener"));
}

TEST_F(RenewalTest, EndsWithItsSettings) {
  writePair(0.8);
  follow();
  loop.advance(Milliseconds(2'000));
  ASSERT_EQ(http.count(), 1U);
  renewal->follow(std::nullopt);
  EXPECT_TRUE(http.last().cancelled);
  loop.advance(Milliseconds(3'600'000));
  EXPECT_EQ(http.count(), 1U);
}

TEST_F(RenewalTest, SaysWhichFileItCannotReplace) {
  writePair(0.8);
  const PairFiles missing{directory.path() + "/node.crt", directory.path() + "/absent/node.key"};
  EXPECT_THAT(replacePair(missing, "cert", "key"), HasSubstr("absent/node.key"));
  EXPECT_TRUE(tls::Certificate::parse(textOf(files.cert), textOf(files.key)).ok());
}

}  // namespace
}  // namespace weir::mesh
