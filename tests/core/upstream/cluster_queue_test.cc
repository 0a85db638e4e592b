#include "core/upstream/cluster.h"
#include "tests/core/upstream/fixture.h"

namespace weir::upstream {
namespace {

using ::testing::IsEmpty;

TEST_F(ClusterTest, OverTheLimitExchangesWaitInOrder) {
  options.max_connections = 1;
  start();
  lend(first());
  Client& next = lend(first());
  Client& last = lend(first());
  EXPECT_THAT(next.told(), IsEmpty());
  EXPECT_EQ(gauge(upstreamQueueDepthKey(7)), 2);
  answer(0);
  EXPECT_EQ(next.told(), "reused ");
  EXPECT_THAT(last.told(), IsEmpty());
  answer(0);
  EXPECT_EQ(last.told(), "reused ");
  EXPECT_EQ(gauge(upstreamQueueDepthKey(7)), 0);
}

TEST_F(ClusterTest, TheQueueHasALimit) {
  options.max_connections = 1;
  options.max_pending = 1;
  start();
  lend(first());
  lend(first());
  EXPECT_EQ(lend(first()).told(), "exhausted ");
}

TEST_F(ClusterTest, WaitingHasItsTime) {
  options.max_connections = 1;
  options.queue_timeout = Milliseconds(0);
  start();
  lend(first());
  Client& waiting = lend(first());
  loop.advance(Milliseconds(20));
  EXPECT_EQ(waiting.told(), "timeout ");
}

TEST_F(ClusterTest, WhoWaitsMayGo) {
  options.max_connections = 1;
  start();
  lend(first());
  Client& one = lend(first());
  Client& two = lend(first());
  Client& three = lend(first());
  cluster->cancel(two);
  cluster->cancel(three);
  answer(0);
  EXPECT_EQ(one.told(), "reused ");
  answer(0);
  EXPECT_THAT(two.told(), IsEmpty());
  EXPECT_EQ(cluster->idle(), 1U);
}

TEST_F(ClusterTest, AnIdleConnectionMakesRoomForAnotherEndpoint) {
  options.max_connections = 1;
  start();
  lend(first());
  answer(0);
  EXPECT_EQ(lend(second()).told(), "fresh ");
  EXPECT_EQ(cluster->open(), 1U);
  EXPECT_TRUE(peers[0]->ended());
}

TEST_F(ClusterTest, AClosedConnectionLetsTheNextOneIn) {
  options.max_connections = 1;
  start();
  lend(first());
  Client& waiting = lend(second());
  answer(0, "connection: close\r\n");
  loop.advance(Milliseconds(4));
  turn();
  EXPECT_EQ(waiting.told(), "fresh ");
}

TEST_F(ClusterTest, ARoomThatAnotherWorkerGaveBackIsTaken) {
  options.max_connections = 1;
  start();
  count.tryAdd(0);  // of another worker
  Client& waiting = lend(first());
  EXPECT_THAT(waiting.told(), IsEmpty());
  count.remove();
  loop.advance(Milliseconds(20));
  EXPECT_EQ(waiting.told(), "fresh ");
}

}  // namespace
}  // namespace weir::upstream
