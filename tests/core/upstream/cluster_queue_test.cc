#include "core/upstream/cluster.h"
#include "tests/core/upstream/fixture.h"

namespace weir::upstream {
namespace {

using ::testing::IsEmpty;

TEST_F(ClusterTest, OverTheLimitExchangesWaitInOrder) {
  options.max_connections = 1;
  start();
  acquire(first());
  Client& next = acquire(first());
  Client& last = acquire(first());
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
  acquire(first());
  acquire(first());
  EXPECT_EQ(acquire(first()).told(), "exhausted ");
}

TEST_F(ClusterTest, WaitingHasItsTime) {
  options.max_connections = 1;
  options.queue_timeout = Milliseconds(0);
  start();
  acquire(first());
  Client& waiting = acquire(first());
  loop.advance(Milliseconds(20));
  EXPECT_EQ(waiting.told(), "timeout ");
}

TEST_F(ClusterTest, WhoWaitsMayGo) {
  options.max_connections = 1;
  start();
  acquire(first());
  Client& one = acquire(first());
  Client& two = acquire(first());
  Client& three = acquire(first());
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
  acquire(first());
  answer(0);
  EXPECT_EQ(acquire(second()).told(), "fresh ");
  EXPECT_EQ(cluster->open(), 1U);
  EXPECT_TRUE(peers[0]->ended());
}

TEST_F(ClusterTest, AClosedConnectionLetsTheNextOneIn) {
  options.max_connections = 1;
  start();
  acquire(first());
  Client& waiting = acquire(second());
  answer(0, "connection: close\r\n");
  loop.advance(Milliseconds(4));
  turn();
  EXPECT_EQ(waiting.told(), "fresh ");
}

TEST_F(ClusterTest, ARoomThatAnotherWorkerGaveBackIsTaken) {
  options.max_connections = 1;
  start();
  count.tryAdd(0);  // from another worker
  Client& waiting = acquire(first());
  EXPECT_THAT(waiting.told(), IsEmpty());
  count.remove();
  loop.advance(Milliseconds(20));
  EXPECT_EQ(waiting.told(), "fresh ");
}

}  // namespace
}  // namespace weir::upstream
