#include "core/upstream/dialed_stream.h"

#include "tests/core/upstream/client_fixture.h"

namespace weir::upstream {
namespace {

using test::MemoryConnector;
using test::StreamPeer;

class DialedStreamTest : public ClientTest {
 protected:
  void dial() {
    auto made = client.dial(kOrders);
    ASSERT_TRUE(made.ok());
    near = std::make_unique<StreamPeer>(std::move(made.value()));
    turn();
  }
  std::unique_ptr<StreamPeer> near;
};

TEST_F(DialedStreamTest, CarriesBytesBothWaysAndIsCounted) {
  startNamed();
  dial();
  EXPECT_EQ(near->history(), "connected");
  EXPECT_EQ(cluster->open(), 1U);
  EXPECT_EQ(first().in_flight, 1U);
  EXPECT_FALSE(cluster->quiet());
  near->send("PING");
  turn();
  EXPECT_EQ(received(0), "PING");
  reply(0, "PONG");
  EXPECT_EQ(near->received(), "PONG");
  near.reset();
  turn();
  EXPECT_EQ(counter(upstreamRequestsKey(kOrders, 0, Reason::kNone)), 1U);
  EXPECT_EQ(cluster->open(), 0U);
  EXPECT_EQ(first().in_flight, 0U);
  EXPECT_TRUE(cluster->quiet());
  EXPECT_TRUE(peers[0]->ended());
}

TEST_F(DialedStreamTest, ARefusedConnectionIsBroken) {
  connector.setOutcome(MemoryConnector::Outcome::kRefuses);
  startNamed();
  dial();
  EXPECT_EQ(near->history(), "broken:refused");
  EXPECT_EQ(counter(upstreamConnectionFailuresKey(kOrders, ConnectFailure::kRefused)), 1U);
  near.reset();
  EXPECT_EQ(counter(upstreamRequestsKey(kOrders, 0, Reason::kUpstreamConnectRefused)), 1U);
  EXPECT_EQ(cluster->open(), 0U);
}

TEST_F(DialedStreamTest, ConnectingHasATimeLimit) {
  connector.setOutcome(MemoryConnector::Outcome::kHangs);
  startNamed();
  dial();
  pass(Milliseconds(5'004));
  EXPECT_EQ(near->history(), "broken:timeout");
  EXPECT_EQ(counter(upstreamConnectionFailuresKey(kOrders, ConnectFailure::kTimeout)), 1U);
  near.reset();
}

TEST_F(DialedStreamTest, TheLimitOfConnectionsApplies) {
  options.max_connections = 1;
  startNamed();
  dial();
  EXPECT_EQ(client.dial(kOrders).error().code, ErrorCode::kExhausted);
  EXPECT_EQ(first().in_flight, 1U);
  near.reset();
  EXPECT_TRUE(client.dial(kOrders).ok());
  turn();
}

TEST_F(DialedStreamTest, WithoutAnEndpointItFailsAtOnce) {
  startNamed({});
  EXPECT_EQ(client.dial(kOrders).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(client.dial(8).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(cluster->quiet());
}

TEST_F(DialedStreamTest, AnAddressNeedNotBeAnEndpoint) {
  startNamed({"10.0.0.1:80"});
  const net::Address other = net::Address::parse("10.0.0.9:81").value();
  auto made = client.dial(kOrders, other);
  ASSERT_TRUE(made.ok());
  near = std::make_unique<StreamPeer>(std::move(made.value()));
  turn();
  EXPECT_EQ(connector.attempts().back(), other);
  EXPECT_EQ(near->history(), "connected");
  EXPECT_EQ(cluster->open(), 1U);
  // It is no endpoint, and stays connected when the endpoints change.
  EXPECT_EQ(client.endpoints(kOrders), 1U);
  cluster->setEndpoints(at({"10.0.0.2:80", "10.0.0.3:80"}));
  EXPECT_EQ(client.endpoints(kOrders), 2U);
  near->send("PING");
  turn();
  EXPECT_EQ(received(0), "PING");
  near.reset();
  turn();
  EXPECT_EQ(cluster->open(), 0U);
  EXPECT_TRUE(cluster->quiet());
}

TEST_F(DialedStreamTest, AnAddressMayBecomeAnEndpointMeanwhile) {
  startNamed({"10.0.0.1:80"});
  auto made = client.dial(kOrders, net::Address::parse("10.0.0.2:80").value());
  near = std::make_unique<StreamPeer>(std::move(made.value()));
  cluster->setEndpoints(at({"10.0.0.2:80"}));
  turn();
  EXPECT_EQ(first().in_flight, 1U);
  near.reset();
  turn();
  EXPECT_EQ(first().in_flight, 0U);
  EXPECT_EQ(client.endpoints(kOrders), 1U);
}

TEST_F(DialedStreamTest, CountsNoEndpointsOfWhatIsNotKnown) {
  startNamed({});
  EXPECT_EQ(client.endpoints(kOrders), 0U);
  EXPECT_EQ(client.endpoints(8), 0U);
}

TEST_F(DialedStreamTest, UsesTheTlsOfTheUpstreamWithoutAlpn) {
  const test::TestAuthority authority;
  tls::ClientSetup setup;
  setup.protocols = {"h2"};
  setup.servers = authority.verifier();
  setup.server_name = "orders.test";
  tls = std::make_shared<const tls::ClientConfig>(setup);
  tls::ServerSetup served;
  served.protocols = {"h2"};
  const auto context = std::make_shared<const tls::ServerConfig>(
      served, tls::CertificateSet({authority.certificate({"orders.test"})}),
      std::make_shared<const tls::TicketKeys>(
          std::vector<tls::TicketKeys::Secret>{tls::TicketKeys::random()}));
  accept = [&](std::unique_ptr<test::MemoryStream> peer) {
    peers.push_back(
        std::make_unique<StreamPeer>(tls::TlsStream::accept(loop, std::move(peer), context)));
  };
  startNamed();
  dial();
  for (int i = 0; i < 12; ++i) turn();
  EXPECT_EQ(near->history(), "connected");
  EXPECT_EQ(near->stream().security()->protocol, "");
  near->send("AUTH");
  for (int i = 0; i < 4; ++i) turn();
  EXPECT_EQ(received(0), "AUTH");
  near.reset();
  for (int i = 0; i < 4; ++i) turn();
}

}  // namespace
}  // namespace weir::upstream
