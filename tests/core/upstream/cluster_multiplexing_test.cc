#include "core/upstream/cluster.h"
#include "tests/core/upstream/fixture.h"
#include "tests/core/upstream/http2_endpoint.h"

namespace weir::upstream {
namespace {

using test::MemoryConnector;
using test::MemoryStream;

class MultiplexingTest : public ClusterTest {
 protected:
  MultiplexingTest() {
    options.protocol = http::VersionChoice::kHttp2;
    accept = [this](std::unique_ptr<MemoryStream> peer) {
      endpoints.push_back(std::make_unique<Http2Endpoint>(loop, std::move(peer), of_endpoints));
    };
  }

  http::h2::Options of_endpoints;
  std::deque<std::unique_ptr<Http2Endpoint>> endpoints;
};

TEST_F(MultiplexingTest, ExchangesShareAConnection) {
  start();
  EXPECT_EQ(acquire(first()).told(), "fresh ");
  EXPECT_EQ(acquire(first()).told(), "reused ");
  EXPECT_EQ(acquire(first()).told(), "reused ");
  ASSERT_EQ(endpoints.size(), 1U);
  EXPECT_EQ(endpoints[0]->heardCount(), 3U);
  EXPECT_EQ(first().in_flight, 3U);
  EXPECT_EQ(cluster->open(), 1U);
  EXPECT_EQ(cluster->idle(), 0U);
}

TEST_F(MultiplexingTest, IsIdleOnceTheLastExchangeHasEnded) {
  start();
  Client& one = acquire(first());
  Client& other = acquire(first());
  endpoints[0]->heard(1).answer(204);
  turn();
  EXPECT_EQ(other.told(), "reused 204 ");
  EXPECT_EQ(cluster->idle(), 0U);
  endpoints[0]->heard(0).answer(200);
  turn();
  EXPECT_EQ(one.told(), "fresh 200 ");
  EXPECT_EQ(cluster->idle(), 1U);
  EXPECT_EQ(gauge(upstreamConnectionsIdleKey(7)), 1);
}

TEST_F(MultiplexingTest, WhoAsksMeanwhileWaitsForTheConnectionThatIsOnItsWay) {
  connector.setOutcome(MemoryConnector::Outcome::kHangs);
  start();
  Client& one = acquire(first());
  Client& two = acquire(first());
  Client& gone = acquire(first());
  EXPECT_EQ(attempts(), "10.0.0.1:80 ");
  cluster->cancel(gone);
  connector.finishHanging();
  turn();
  EXPECT_EQ(one.told(), "fresh ");
  EXPECT_EQ(two.told(), "fresh ");
  EXPECT_EQ(gone.told(), "");
  EXPECT_EQ(endpoints[0]->heardCount(), 2U);
}

TEST_F(MultiplexingTest, WhoWaitsForAConnectionThatFailsHearsOfIt) {
  connector.setOutcome(MemoryConnector::Outcome::kHangs);
  options.connect_timeout = Milliseconds(1'000);
  start();
  Client& one = acquire(first());
  Client& two = acquire(first());
  loop.advance(Milliseconds(1'100));
  EXPECT_EQ(one.told(), "timeout ");
  EXPECT_EQ(two.told(), "timeout ");
  EXPECT_EQ(cluster->open(), 0U);
}

TEST_F(MultiplexingTest, AnotherConnectionIsOpenedWhenTheEndpointAllowsNoMoreStreams) {
  of_endpoints.max_streams = 2;
  start();
  acquire(first());
  acquire(first());
  EXPECT_EQ(acquire(first()).told(), "fresh ");
  EXPECT_EQ(endpoints.size(), 2U);
  endpoints[0]->heard(0).answer(204);
  turn();
  EXPECT_EQ(acquire(first()).told(), "reused ");
  EXPECT_EQ(endpoints.size(), 2U);
}

TEST_F(MultiplexingTest, OurOwnLimitOfStreamsHoldsAsWell) {
  options.http2.max_streams = 1;
  start();
  acquire(first());
  EXPECT_EQ(acquire(first()).told(), "fresh ");
  EXPECT_EQ(endpoints.size(), 2U);
}

TEST_F(MultiplexingTest, AnEndpointThatDrainsGetsNoMoreAndFinishesWhatItHas) {
  start();
  Client& before = acquire(first());
  endpoints[0]->codec().drain();
  turn();
  EXPECT_EQ(acquire(first()).told(), "fresh ");
  EXPECT_EQ(endpoints.size(), 2U);
  EXPECT_EQ(cluster->open(), 2U);
  endpoints[0]->heard(0).answer(204);
  turn();
  EXPECT_EQ(before.told(), "fresh 204 ");
  EXPECT_TRUE(endpoints[0]->ended());
  EXPECT_EQ(cluster->open(), 1U);
}

TEST_F(MultiplexingTest, AnIdleConnectionOfADrainingEndpointIsClosed) {
  start();
  acquire(first());
  endpoints[0]->heard(0).answer(204);
  turn();
  EXPECT_EQ(cluster->idle(), 1U);
  endpoints[0]->codec().drain();
  turn();
  EXPECT_EQ(cluster->open(), 0U);
}

}  // namespace
}  // namespace weir::upstream
