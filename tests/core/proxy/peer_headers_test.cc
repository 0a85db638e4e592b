#include "core/proxy/peer_headers.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/test_certificates.h"

namespace weir::proxy {
namespace {

class PeerHeadersTest : public ::testing::Test {
 protected:
  PeerHeadersTest() {
    peer.hash = "abcd";
    peer.subject = "CN=cart,O=\"Shop, Inc\"";
    peer.identity = "spiffe://a.test/ns/shop/sa/cart";
    peer.names = {"cart.test"};
    request.headers.add("X-Forwarded-Client-Cert", "Hash=00");
  }
  // The values of the header, one per line.
  std::string told(ClientCertMode mode, const net::PeerCertificate* by) {
    listener_plan.forwarded_client_cert = mode;
    addPeerHeaders(request, listener_plan, by);
    std::string lines;
    for (const http::Header& field : request.headers) {
      if (field.id == http::HeaderId::kXForwardedClientCert)
        lines += std::string(field.value) + "\n";
    }
    return lines;
  }
  void useIdentity(const std::string& identity) {
    const test::TestAuthority authority;
    tls::CertificateRequest wanted;
    wanted.name = "edge";
    wanted.identity = identity;
    std::vector<std::shared_ptr<const tls::Certificate>> own = {
        test::TestAuthority::parsed(authority.issueFor(wanted))};
    listener_plan.tls = std::make_shared<const tls::ServerConfig>(
        tls::ServerSetup{}, tls::CertificateSet(std::move(own)),
        std::make_shared<const tls::TicketKeys>(
            std::vector<tls::TicketKeys::Secret>{tls::TicketKeys::random()}));
  }

  BlockPool pool{4096};
  Arena arena{pool};
  http::Request request{arena};
  ListenerPlan listener_plan;
  net::PeerCertificate peer;
};

constexpr std::string_view kElement =
    "By=spiffe://a.test/ns/edge/sa/edge;Hash=abcd;Subject=\"CN=cart,O=\\\"Shop, Inc\\\"\";"
    "URI=spiffe://a.test/ns/shop/sa/cart;DNS=cart.test";

// A connection outlives the identity under which it was made.
TEST_F(PeerHeadersTest, NameNoIdentityThatWasWithdrawn) {
  tls::ServerSetup setup;
  setup.workload_identity = true;
  listener_plan.tls = std::make_shared<const tls::ServerConfig>(
      std::move(setup), tls::CertificateSet({}),
      std::make_shared<const tls::TicketKeys>(
          std::vector<tls::TicketKeys::Secret>{tls::TicketKeys::random()}));
  EXPECT_EQ(told(ClientCertMode::kSet, &peer).substr(0, 10), "Hash=abcd;");
}

TEST_F(PeerHeadersTest, DropWhatAClientClaims) {
  EXPECT_EQ(told(ClientCertMode::kSanitize, &peer), "");
}

TEST_F(PeerHeadersTest, HoldNoBytesThatAHeadCannot) {
  for (const std::string& bad : {std::string("spiffe://a.test/x\r\nX-Injected: yes"),
                                 std::string("spiffe://a.test/\0", 17)}) {
    peer.identity = bad;
    EXPECT_EQ(told(ClientCertMode::kSet, &peer), "");
    EXPECT_EQ(request.headers.find(http::HeaderId::kXWeirIdentity), nullptr);
  }
}

TEST_F(PeerHeadersTest, KeepItFromClientsWithACertificate) {
  EXPECT_EQ(told(ClientCertMode::kForward, &peer), "Hash=00\n");
  EXPECT_EQ(told(ClientCertMode::kForward, nullptr), "");
}

TEST_F(PeerHeadersTest, KeepItFromAllWhenToldTo) {
  EXPECT_EQ(told(ClientCertMode::kAlwaysForward, nullptr), "Hash=00\n");
}

TEST_F(PeerHeadersTest, AppendTheClientsOwn) {
  useIdentity("spiffe://a.test/ns/edge/sa/edge");
  EXPECT_EQ(told(ClientCertMode::kAppend, &peer), "Hash=00, " + std::string(kElement) + "\n");
}

TEST_F(PeerHeadersTest, AppendNothingForAClientWithout) {
  EXPECT_EQ(told(ClientCertMode::kAppend, nullptr), "");
}

TEST_F(PeerHeadersTest, SetTheClientsOwnAlone) {
  useIdentity("spiffe://a.test/ns/edge/sa/edge");
  EXPECT_EQ(told(ClientCertMode::kSet, &peer), std::string(kElement) + "\n");
}

TEST_F(PeerHeadersTest, SayWhoThePeerIs) {
  addPeerHeaders(request, listener_plan, &peer);
  EXPECT_EQ(request.headers.get(http::HeaderId::kXWeirIdentity), peer.identity);
  http::Request other(arena);
  addPeerHeaders(other, listener_plan, nullptr);
  EXPECT_EQ(other.headers.size(), 0U);
}

}  // namespace
}  // namespace weir::proxy
