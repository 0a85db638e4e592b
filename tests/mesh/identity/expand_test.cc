#include "mesh/identity/expand.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "core/proxy/listener_options.h"
#include "core/upstream/cluster_options.h"
#include "tests/support/test_certificates.h"

namespace weir::mesh {
namespace {

class IdentityTest : public ::testing::Test {
 protected:
  IdentityTest() {
    std::string path = testing::TempDir() + "weir-XXXXXX";
    folder = mkdtemp(path.data());
    identity.cert = {folder + "/own.crt"};
    identity.key = {folder + "/own.key"};
    identity.trust = {folder + "/root.crt"};
  }
  ~IdentityTest() override { std::filesystem::remove_all(folder); }

  void issue(const std::string& name) {
    tls::CertificateRequest request;
    request.name = "own";
    request.identity = name;
    if (name.empty()) request.dns_names = {"own.test"};
    std::ofstream(identity.cert.path) << authority.issueFor(request).certificate;
  }

  test::TestAuthority authority;
  std::string folder;
  IdentitySettings identity;
  config::Diagnostics diagnostics;
};

TEST_F(IdentityTest, IsInATrustDomain) {
  issue("spiffe://shop.test/ns/shop/sa/cart");
  EXPECT_EQ(trustDomain(identity, diagnostics), "spiffe://shop.test/*");
  EXPECT_TRUE(diagnostics.empty());
}

TEST_F(IdentityTest, NeedsAName) {
  issue("");
  EXPECT_FALSE(trustDomain(identity, diagnostics));
  EXPECT_NE(diagnostics.text().find("has no name of the form spiffe://DOMAIN/..."),
            std::string::npos);
}

TEST_F(IdentityTest, NeedsAFile) {
  EXPECT_FALSE(trustDomain(identity, diagnostics));
  EXPECT_NE(diagnostics.text().find("own.crt: No such file"), std::string::npos);
}

TEST_F(IdentityTest, IsNeededOfAGatewayAsWell) {
  issue("");
  server::Settings settings;
  expandUpstreams(identity, settings, diagnostics);
  EXPECT_NE(diagnostics.text().find("has no name of the form spiffe://DOMAIN/..."),
            std::string::npos);
}

TEST_F(IdentityTest, SecuresUpstreamsThatNameTheirs) {
  issue("spiffe://shop.test/ns/shop/sa/edge");
  server::Settings settings;
  settings.upstreams.resize(2);
  settings.upstreams[0].first = "cart";
  settings.upstreams[0].second.identity = "spiffe://shop.test/ns/shop/sa/cart";
  settings.upstreams[1].first = "plain";
  expandUpstreams(identity, settings, diagnostics);
  EXPECT_TRUE(diagnostics.empty());
  const upstream::ClusterOptions& cart = settings.upstreams[0].second;
  ASSERT_TRUE(cart.tls);
  EXPECT_EQ(cart.tls->names, std::vector<std::string>{"spiffe://shop.test/ns/shop/sa/cart"});
  EXPECT_EQ(cart.tls->ca, identity.trust);
  EXPECT_EQ(cart.tls->cert, identity.cert);
  EXPECT_EQ(cart.tls->key, identity.key);
  EXPECT_EQ(cart.protocol, http::VersionChoice::kHttp2);
  EXPECT_FALSE(settings.upstreams[1].second.tls);
}

TEST_F(IdentityTest, IsNeededForUpstreamsThatNameTheirs) {
  server::Settings settings;
  settings.upstreams.resize(1);
  settings.upstreams[0].first = "cart";
  settings.upstreams[0].second.identity = "spiffe://shop.test/ns/shop/sa/cart";
  expandUpstreams(std::nullopt, settings, diagnostics);
  EXPECT_NE(diagnostics.text().find("upstream.cart.identity: needs [identity]"), std::string::npos);
}

TEST_F(IdentityTest, AsksCallersForTheirs) {
  proxy::ListenerOptions listener;
  secureListener(identity, "spiffe://shop.test/*", tls::Plaintext::kAllow, listener);
  ASSERT_TRUE(listener.tls_options);
  EXPECT_EQ(listener.tls_options->client_certificate, tls::ClientCertificate::kRequired);
  EXPECT_EQ(listener.tls_options->client_names, std::vector<std::string>{"spiffe://shop.test/*"});
  EXPECT_EQ(listener.tls_options->plaintext, tls::Plaintext::kAllow);
  EXPECT_EQ(listener.forwarded_client_cert, proxy::ClientCertMode::kAppend);
}

}  // namespace
}  // namespace weir::mesh
