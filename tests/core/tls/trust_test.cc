#include <cstdint>
#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/tls/connector.h"
#include "core/tls/trust_bundles.h"
#include "tests/support/memory_connector.h"
#include "tests/support/pem.h"
#include "tests/support/stream_peer.h"
#include "tests/support/test_certificates.h"

namespace weir::tls {
namespace {

using ::testing::HasSubstr;
using Lists = std::vector<std::string>;

bssl::UniquePtr<X509> parsedPem(std::string_view pem) {
  const bssl::UniquePtr<BIO> in(BIO_new_mem_buf(pem.data(), static_cast<ossl_ssize_t>(pem.size())));
  return bssl::UniquePtr<X509>(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
}

// A list of the CA, in DER, that revokes one certificate, given in PEM; none if it is empty.
std::string revocationList(const tls::KeyPair& root, std::string_view revoked) {
  const bssl::UniquePtr<X509> issuer = parsedPem(root.certificate);
  const bssl::UniquePtr<BIO> key_text(
      BIO_new_mem_buf(root.key.data(), static_cast<ossl_ssize_t>(root.key.size())));
  const bssl::UniquePtr<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
  const auto today = std::chrono::duration_cast<std::chrono::seconds>(wallClockNow()).count();
  const bssl::UniquePtr<ASN1_TIME> since(ASN1_TIME_new());
  const bssl::UniquePtr<ASN1_TIME> until(ASN1_TIME_new());
  ASN1_TIME_set_posix(since.get(), today - 60);
  ASN1_TIME_set_posix(until.get(), today + 3600);
  const bssl::UniquePtr<X509_CRL> list(X509_CRL_new());
  X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(issuer.get()));
  X509_CRL_set1_lastUpdate(list.get(), since.get());
  X509_CRL_set1_nextUpdate(list.get(), until.get());
  if (!revoked.empty()) {
    bssl::UniquePtr<X509_REVOKED> entry(X509_REVOKED_new());
    X509_REVOKED_set_serialNumber(entry.get(), X509_get_serialNumber(parsedPem(revoked).get()));
    X509_REVOKED_set_revocationDate(entry.get(), since.get());
    X509_CRL_add0_revoked(list.get(), entry.release());
  }
  X509V3_CTX context;  // RFC 5280, 5.2.1: each list has the identifier of its issuer's key
  X509V3_set_ctx(&context, issuer.get(), nullptr, nullptr, list.get(), 0);
  const bssl::UniquePtr<X509_EXTENSION> key_id(
      X509V3_EXT_nconf_nid(nullptr, &context, NID_authority_key_identifier, "keyid"));
  X509_CRL_add_ext(list.get(), key_id.get(), -1);
  X509_CRL_sign(list.get(), key.get(), EVP_sha256());
  std::uint8_t* bytes = nullptr;
  const int size = i2d_X509_CRL(list.get(), &bytes);
  const bssl::UniquePtr<std::uint8_t> owner(bytes);
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

constexpr std::string_view kCart = "spiffe://a.test/ns/shop/sa/cart";
constexpr std::string_view kShop = "spiffe://a.test/ns/shop/sa/shop";

// Two workloads in mutual TLS, which trust the bundles of trust domains.
class TrustTest : public ::testing::Test {
 protected:
  TrustTest() {
    roots["a.test"] = test::derOf(authority.root().certificate);
    client_pair = workload(kCart);
    server_pair = workload(kShop);
  }

  KeyPair workload(std::string_view identity) const { return workloadOf(authority, identity); }
  static KeyPair workloadOf(const test::TestAuthority& by, std::string_view identity) {
    CertificateRequest request;
    request.name = "workload";
    request.identity = identity;
    return by.issueFor(std::move(request));
  }
  std::shared_ptr<const Verifier> verifier(std::vector<std::string> names = {}) const {
    Verifier::Options demands;
    demands.bundles = TrustBundles::make(roots, lists).value();
    demands.names = SanMatcher(std::move(names));
    return Verifier::make(demands).value();
  }
  std::shared_ptr<const ServerConfig> serverTerms() const {
    ServerSetup setup;
    setup.workload_identity = true;
    setup.client_certificate = ClientCertificate::kRequired;
    setup.clients = verifier(client_names);
    std::vector<std::shared_ptr<const Certificate>> own;
    if (!server_pair.certificate.empty()) own.push_back(test::TestAuthority::parsed(server_pair));
    return std::make_shared<const ServerConfig>(std::move(setup), CertificateSet(std::move(own)),
                                                tickets);
  }
  std::shared_ptr<const ClientConfig> clientTerms() const {
    ClientSetup setup;
    setup.servers = verifier();
    setup.server_name = "shop";
    setup.check_server_name = false;
    if (!client_pair.certificate.empty()) setup.own = test::TestAuthority::parsed(client_pair);
    return std::make_shared<const ClientConfig>(std::move(setup));
  }
  void connect() {
    client.reset();
    server.reset();
    terms = serverTerms();
    Connector connector(loop, wires, clientTerms(), &sessions);
    auto stream = connector.connect(net::Address::parse("10.0.0.1:443").value());
    client.emplace(std::move(stream.value()));
    for (int i = 0; i < 12; ++i) loop.advance(Milliseconds(0));
  }
  const net::Security& atServer() { return *server->stream().security(); }
  const net::Security& atClient() { return *client->stream().security(); }
  bool connected() const {
    return client->history() == "connected" && server->history() == "connected";
  }
  std::string refusalAtServer() { return atServer().detail == nullptr ? "" : *atServer().detail; }

  event::Loop loop{event::Loop::Time::kManual};
  test::TestAuthority authority;
  test::TestAuthority partner;
  TrustBundles::Roots roots;
  Lists lists;
  std::vector<std::string> client_names;
  KeyPair client_pair;
  KeyPair server_pair;
  SessionStore sessions;
  std::shared_ptr<const TicketKeys> tickets =
      std::make_shared<const TicketKeys>(std::vector<TicketKeys::Secret>{TicketKeys::random()});
  std::shared_ptr<const ServerConfig> terms;  // of connections that are accepted
  test::MemoryConnector wires{
      loop, [this](std::unique_ptr<test::MemoryStream> wire, const net::Address&) {
        server.emplace(TlsStream::accept(loop, std::move(wire), terms));
      }};
  std::optional<test::StreamPeer> server;
  std::optional<test::StreamPeer> client;
};

TEST_F(TrustTest, VerifiesWorkloadsByTheBundleOfTheirDomain) {
  connect();
  ASSERT_TRUE(connected());
  EXPECT_EQ(atServer().peer->identity, kCart);
  EXPECT_EQ(atClient().peer->identity, kShop);
}

TEST_F(TrustTest, RefusesADomainWithoutABundle) {
  client_pair = workloadOf(partner, "spiffe://partner.test/x");
  connect();
  EXPECT_EQ(atServer().reason, HandshakeReason::kUntrusted);
  EXPECT_EQ(refusalAtServer(),
            "the certificate of spiffe://partner.test/x: no bundle of its trust domain is known");
}

TEST_F(TrustTest, AcceptsAFederatedDomainByItsOwnBundleOnly) {
  roots["partner.test"] = test::derOf(partner.root().certificate);
  client_pair = workloadOf(partner, "spiffe://partner.test/x");
  connect();
  EXPECT_TRUE(connected());
  // A CA vouches for its own domain only.
  client_pair = workloadOf(partner, kCart);
  connect();
  EXPECT_EQ(atServer().reason, HandshakeReason::kUntrusted);
  client_pair = workload("spiffe://partner.test/x");
  connect();
  EXPECT_EQ(atServer().reason, HandshakeReason::kUntrusted);
}

TEST_F(TrustTest, TrustsNobodyByAnEmptyBundle) {
  roots["a.test"].clear();
  connect();
  EXPECT_EQ(atClient().reason, HandshakeReason::kUntrusted);
}

TEST_F(TrustTest, RefusesCertificatesThatAreNoWorkloads) {
  client_pair = authority.issue({"cart.test"});
  connect();
  EXPECT_EQ(atServer().reason, HandshakeReason::kMalformed);
  EXPECT_THAT(refusalAtServer(), HasSubstr("it has no valid SPIFFE ID"));
}

TEST_F(TrustTest, ChecksTheListsOfThoseIssuersThatHaveOne) {
  lists = {revocationList(partner.root(), {})};
  connect();
  EXPECT_TRUE(connected());
  lists.push_back(revocationList(authority.root(), server_pair.certificate));
  connect();
  EXPECT_EQ(atClient().reason, HandshakeReason::kRevoked);
}

// While a domain changes its CA, both may have one name.
TEST_F(TrustTest, ChecksTheListOfACaBesideAnotherOfTheSameName) {
  roots["a.test"] += test::derOf(partner.root().certificate);
  lists = {revocationList(partner.root(), {})};
  lists.push_back(revocationList(authority.root(), server_pair.certificate));
  connect();
  EXPECT_EQ(atClient().reason, HandshakeReason::kRevoked);
  lists.pop_back();
  connect();
  EXPECT_TRUE(connected());
}

TEST_F(TrustTest, RefusesBundlesAndListsThatItCannotRead) {
  EXPECT_FALSE(TrustBundles::make({{"a.test", "no certificate"}}, {}).ok());
  EXPECT_FALSE(TrustBundles::make({{"a.test", roots["a.test"] + "x"}}, {}).ok());
  EXPECT_FALSE(TrustBundles::make(roots, {"no list"}).ok());
  EXPECT_FALSE(TrustBundles::make(roots, {revocationList(authority.root(), {}) + "x"}).ok());
}

TEST_F(TrustTest, HasAFingerprintOfEverything) {
  const auto print = [&] { return TrustBundles::make(roots, lists).value()->fingerprint(); };
  const std::string first = print();
  EXPECT_EQ(print(), first);
  lists = {revocationList(authority.root(), {})};
  EXPECT_NE(print(), first);
  lists.clear();
  roots["b.test"];
  EXPECT_NE(print(), first);
}

TEST_F(TrustTest, RefusesClientsWhileItHasNoIdentity) {
  server_pair = {};
  connect();
  EXPECT_EQ(atServer().result, net::Handshake::kInternal);
  EXPECT_EQ(atServer().reason, HandshakeReason::kNoIdentity);
  EXPECT_EQ(toString(atServer().reason), "no_identity");
  EXPECT_EQ(atClient().reason, reasonOfAlert(80));
}

TEST_F(TrustTest, RefusesClientsWhenItsIdentityHasExpired) {
  CertificateRequest request;
  request.name = "workload";
  request.identity = kShop;
  request.not_before = test::TestAuthority::now() - 2 * test::kHour;
  request.not_after = test::TestAuthority::now() - test::kHour;
  server_pair = authority.issueFor(request);
  connect();
  EXPECT_EQ(atServer().reason, HandshakeReason::kNoIdentity);
}

TEST_F(TrustTest, TrustsNoServerWhileItHasNoIdentity) {
  roots.clear();
  connect();
  EXPECT_EQ(atClient().reason, HandshakeReason::kNoIdentity);
}

TEST_F(TrustTest, ResumesNoSessionOfAnEarlierCertificate) {
  const auto exchange = [this] {
    connect();
    server->send("a ticket comes with the first bytes");
    for (int i = 0; i < 3; ++i) loop.advance(Milliseconds(0));
  };
  exchange();
  exchange();
  EXPECT_TRUE(atServer().resumed);
  server_pair = workload(kShop);
  exchange();
  EXPECT_TRUE(connected() || client->history() == "connected data");
  EXPECT_FALSE(atServer().resumed);
  client_pair = workload(kCart);
  exchange();
  EXPECT_FALSE(atServer().resumed);
}

TEST_F(TrustTest, KeepsConnectionsOfTheSameWorkload) {
  const auto before = clientTerms();
  client_pair = workload(kCart);
  EXPECT_TRUE(clientTerms()->sameAs(*before));
  client_pair = workload(kShop);
  EXPECT_FALSE(clientTerms()->sameAs(*before));
  client_pair = workload(kCart);
  roots["b.test"];
  EXPECT_FALSE(clientTerms()->sameAs(*before));
}

TEST_F(TrustTest, JudgesTheServerOfALiveConnectionAgain) {
  connect();
  ASSERT_TRUE(connected());
  EXPECT_TRUE(clientTerms()->judgeAgain(atClient()).accepted());
  lists = {revocationList(authority.root(), server_pair.certificate)};
  EXPECT_EQ(clientTerms()->judgeAgain(atClient()).reason, HandshakeReason::kRevoked);
  lists.clear();
  roots["a.test"] = test::derOf(partner.root().certificate);
  EXPECT_EQ(clientTerms()->judgeAgain(atClient()).reason, HandshakeReason::kUntrusted);
}

TEST_F(TrustTest, JudgesTheClientOfALiveConnectionAgain) {
  connect();
  ASSERT_TRUE(connected());
  EXPECT_TRUE(serverTerms()->judgeAgain(atServer()).accepted());
  client_names = {"spiffe://a.test/ns/bank/*"};
  const Verifier::Verdict refusal = serverTerms()->judgeAgain(atServer());
  EXPECT_EQ(refusal.reason, HandshakeReason::kWrongName);
  EXPECT_THAT(refusal.detail, HasSubstr(kCart));
  client_names.clear();
  roots.clear();
  EXPECT_EQ(serverTerms()->judgeAgain(atServer()).reason, HandshakeReason::kNoIdentity);
}

TEST_F(TrustTest, JudgesTheClientOfAResumedSessionAgain) {
  connect();
  server->send("a ticket comes with the first bytes");
  for (int i = 0; i < 3; ++i) loop.advance(Milliseconds(0));
  connect();
  ASSERT_TRUE(atServer().resumed);
  EXPECT_TRUE(serverTerms()->judgeAgain(atServer()).accepted());
  lists = {revocationList(authority.root(), client_pair.certificate)};
  EXPECT_EQ(serverTerms()->judgeAgain(atServer()).reason, HandshakeReason::kRevoked);
}

TEST_F(TrustTest, JudgesThoseWithoutACertificateByWhatIsRequired) {
  const net::Security anonymous;
  EXPECT_EQ(serverTerms()->judgeAgain(anonymous).reason, HandshakeReason::kUntrusted);
  EXPECT_EQ(clientTerms()->judgeAgain(anonymous).reason, HandshakeReason::kUntrusted);
  ServerSetup open;
  const ServerConfig no_clients(
      std::move(open), CertificateSet({test::TestAuthority::parsed(server_pair)}), tickets);
  EXPECT_TRUE(no_clients.judgeAgain(anonymous).accepted());
  EXPECT_TRUE(ClientConfig(ClientSetup{}).judgeAgain(anonymous).accepted());
}

}  // namespace
}  // namespace weir::tls
