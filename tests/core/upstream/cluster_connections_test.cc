#include "core/upstream/cluster.h"
#include "tests/core/upstream/fixture.h"

namespace weir::upstream {
namespace {

using test::MemoryConnector;
using test::MemoryStream;
using ::testing::IsEmpty;

TEST_F(ClusterTest, ConnectsAndLends) {
  start();
  Client& client = acquire(first());
  EXPECT_EQ(client.told(), "fresh ");
  EXPECT_EQ(peers[0]->received(), "GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  EXPECT_EQ(first().in_flight, 1U);
  EXPECT_EQ(gauge(upstreamConnectionsActiveKey(7)), 1);
  answer(0);
  cluster->done(first(), {});
  EXPECT_EQ(client.told(), "fresh 204 ");
  EXPECT_EQ(first().in_flight, 0U);
  EXPECT_EQ(cluster->idle(), 1U);
}

TEST_F(ClusterTest, LendsTheLatestReturnedFirst) {
  start();
  acquire(first());
  acquire(first());
  answer(0);
  answer(1);
  EXPECT_EQ(cluster->idle(), 2U);
  EXPECT_EQ(acquire(first()).told(), "reused ");
  EXPECT_EQ(peers[1]->received().size(), 2 * peers[0]->received().size());
  EXPECT_EQ(cells.counter(upstreamReusedConnectionsKey(7)).value(), 1U);
}

TEST_F(ClusterTest, AFreshOneIsNeverReused) {
  start();
  acquire(first());
  answer(0);
  EXPECT_EQ(acquire(first(), true).told(), "fresh ");
  EXPECT_EQ(cluster->open(), 2U);
}

TEST_F(ClusterTest, ConnectionsBelongToTheirEndpoint) {
  start();
  acquire(first());
  answer(0);
  EXPECT_EQ(acquire(second()).told(), "fresh ");
  EXPECT_EQ(attempts(), "10.0.0.1:80 10.0.0.2:80 ");
}

TEST_F(ClusterTest, AnIdleConnectionIsClosedAfterItsTime) {
  options.idle_timeout = Milliseconds(1'000);
  start();
  acquire(first());
  answer(0);
  loop.advance(Milliseconds(900));
  EXPECT_EQ(cluster->idle(), 1U);
  loop.advance(Milliseconds(200));
  EXPECT_EQ(cluster->idle(), 0U);
  EXPECT_EQ(cluster->open(), 0U);
  turn();
  EXPECT_TRUE(peers[0]->ended());
}

TEST_F(ClusterTest, AConnectionInUseHasNoIdleTime) {
  options.idle_timeout = Milliseconds(1'000);
  start();
  acquire(first());
  answer(0);
  acquire(first());
  loop.advance(Milliseconds(5'000));
  EXPECT_EQ(cluster->open(), 1U);
}

TEST_F(ClusterTest, AnIdleConnectionThatEndsIsForgotten) {
  start();
  acquire(first());
  acquire(first());
  answer(0);
  answer(1);
  peers[0]->close();  // the second in the list
  turn();
  EXPECT_EQ(cluster->idle(), 1U);
  EXPECT_EQ(acquire(first()).told(), "reused ");
}

TEST_F(ClusterTest, UnaskedBytesEndAnIdleConnection) {
  start();
  acquire(first());
  answer(0);
  answer(0);
  EXPECT_EQ(cluster->open(), 0U);
}

TEST_F(ClusterTest, AnAnswerThatClosesIsNotKept) {
  start();
  acquire(first());
  answer(0, "connection: close\r\n");
  EXPECT_EQ(cluster->open(), 0U);
  EXPECT_EQ(cluster->idle(), 0U);
}

TEST_F(ClusterTest, TellsWhyConnectingFailed) {
  start();
  connector.setOutcome(MemoryConnector::Outcome::kRefuses);
  EXPECT_EQ(acquire(first()).told(), "refused ");
  connector.setOutcome(MemoryConnector::Outcome::kUnreachable);
  EXPECT_EQ(acquire(first()).told(), "unreachable ");
  connector.setOutcome(MemoryConnector::Outcome::kFails);
  EXPECT_EQ(acquire(first()).told(), "exhausted ");
  EXPECT_EQ(cluster->open(), 0U);
  EXPECT_EQ(cells.counter(upstreamConnectionFailuresKey(7, ConnectFailure::kRefused)).value(), 1U);
}

TEST_F(ClusterTest, ConnectingHasItsTime) {
  options.connect_timeout = Milliseconds(300);
  start();
  connector.setOutcome(MemoryConnector::Outcome::kHangs);
  Client& client = acquire(first());
  loop.advance(Milliseconds(200));
  EXPECT_THAT(client.told(), IsEmpty());
  loop.advance(Milliseconds(200));
  EXPECT_EQ(client.told(), "timeout ");
  EXPECT_EQ(cells.counter(upstreamConnectionFailuresKey(7, ConnectFailure::kTimeout)).value(), 1U);
}

TEST_F(ClusterTest, AConnectionThatNobodyWaitsForAnyMoreIsKept) {
  start();
  connector.setOutcome(MemoryConnector::Outcome::kHangs);
  Client& gone = acquire(first());
  cluster->cancel(gone);
  cluster->done(first(), {});
  connector.finishHanging();
  turn();
  EXPECT_THAT(gone.told(), IsEmpty());
  EXPECT_EQ(cluster->idle(), 1U);
  EXPECT_EQ(acquire(first()).told(), "reused ");
}

TEST_F(ClusterTest, AFailureThatNobodyWaitsForAnyMoreIsCountedOnly) {
  options.connect_timeout = Milliseconds(100);
  start();
  connector.setOutcome(MemoryConnector::Outcome::kHangs);
  Client& gone = acquire(first());
  cluster->cancel(gone);
  cluster->done(first(), {});
  cluster->setEndpoints(at({"10.0.0.9:80"}));
  loop.advance(Milliseconds(200));
  EXPECT_THAT(gone.told(), IsEmpty());
  EXPECT_EQ(cluster->open(), 0U);
}

TEST_F(ClusterTest, AnOldConnectionTakesNoFurtherExchange) {
  options.max_connection_age = Milliseconds(10'000);
  start();
  acquire(first());
  loop.advance(Milliseconds(8'000));
  answer(0);
  EXPECT_EQ(acquire(first()).told(), "reused ");
  loop.advance(Milliseconds(3'000));
  EXPECT_EQ(cluster->open(), 1U);  // its exchange may complete
  answer(0);
  EXPECT_EQ(cluster->open(), 0U);
}

TEST_F(ClusterTest, AnIdleConnectionIsClosedWhenItIsOld) {
  options.max_connection_age = Milliseconds(10'000);
  start();
  acquire(first());
  answer(0);
  loop.advance(Milliseconds(8'000));
  EXPECT_EQ(cluster->idle(), 1U);
  loop.advance(Milliseconds(3'000));
  EXPECT_EQ(cluster->open(), 0U);
}

TEST_F(ClusterTest, AConnectionEndsWithTheCertificateOfItsEndpoint) {
  start();
  connector.showCertificate(wallClockNow() + std::chrono::seconds(10));
  acquire(first());
  answer(0);
  EXPECT_EQ(acquire(first()).told(), "reused ");
  loop.advance(Milliseconds(10'001));
  EXPECT_EQ(cluster->open(), 1U);  // its exchange may complete
  EXPECT_EQ(acquire(first()).told(), "fresh ");
  answer(0);
  EXPECT_EQ(cluster->open(), 1U);
}

TEST_F(ClusterTest, AnIdleConnectionIsClosedWhenTheCertificateEnds) {
  start();
  connector.showCertificate(wallClockNow() + std::chrono::seconds(10));
  acquire(first());
  answer(0);
  loop.advance(Milliseconds(9'000));
  EXPECT_EQ(cluster->idle(), 1U);
  loop.advance(Milliseconds(1'001));
  EXPECT_EQ(cluster->open(), 0U);
}

TEST_F(ClusterTest, WhatCanBeSentOnceOnlyWaitsForWhatElseCameInThisTurn) {
  start();
  acquire(first());
  answer(0);
  peers[0]->close();  // the end has arrived, but was not read yet
  Client& once = client();
  cluster->acquire(first(), once, {.once = true});
  EXPECT_THAT(once.told(), IsEmpty());
  turn();
  EXPECT_EQ(attempts(), "10.0.0.1:80 10.0.0.1:80 ");
  EXPECT_EQ(once.told(), "fresh ");
}

TEST_F(ClusterTest, WhatIsTakenBackInTheTurnInWhichItCameCostsNoConnection) {
  start();
  for (int i = 0; i < 100; ++i) {
    Client& taken_back = client();
    cluster->acquire(first(), taken_back, {.revocable = true});
    cluster->cancel(taken_back);
    cluster->done(first(), {});
  }
  turn();
  EXPECT_EQ(attempts(), "");
  Client& kept = client();
  cluster->acquire(first(), kept, {.revocable = true});
  EXPECT_THAT(kept.told(), IsEmpty());
  turn();
  EXPECT_EQ(kept.told(), "fresh ");
}

TEST_F(ClusterTest, WhatCanBeSentOnceOnlyMayGoAgain) {
  start();
  acquire(first());
  answer(0);
  Client& gone = client();
  cluster->acquire(first(), gone, {.once = true});
  cluster->cancel(gone);
  turn();
  EXPECT_THAT(gone.told(), IsEmpty());
  EXPECT_EQ(cluster->idle(), 1U);
}

TEST_F(ClusterTest, AConnectionThatIsGivenUpAsItConnectsStaysClosed) {
  start();
  connector.setOutcome(MemoryConnector::Outcome::kHangs);
  Client& waiting = acquire(first());
  connector.finishHanging();
  options.protocol = http::VersionChoice::kHttp1;  // changed before it is reported
  connector.setOutcome(MemoryConnector::Outcome::kConnects);
  cluster->configure(plan());
  turn();
  EXPECT_EQ(waiting.told(), "fresh ");
  EXPECT_EQ(cluster->open(), 1U);
}

TEST_F(ClusterTest, LastBytesHaveTimeToLeave) {
  start();
  Client& client = acquire(first());
  peers[0]->stream().setReading(false);
  client.send("the end");
  client.timeOut();
  cluster->done(first(), {});
  loop.advance(Milliseconds(4'000));
  EXPECT_EQ(cluster->open(), 1U);
  peers[0]->stream().setReading(true);
  turn();
  EXPECT_TRUE(peers[0]->received().ends_with("the end"));
  peers[0]->end();
  turn();
  EXPECT_EQ(cluster->open(), 0U);
}

TEST_F(ClusterTest, ButNotForEver) {
  start();
  Client& client = acquire(first());
  peers[0]->stream().setReading(false);
  client.send("the end");
  client.timeOut();
  loop.advance(Milliseconds(5'100));
  EXPECT_EQ(cluster->open(), 0U);
}

TEST_F(ClusterTest, AConnectionThatBreaksWhileItFlushesIsForgotten) {
  start();
  Client& client = acquire(first());
  peers[0]->stream().setReading(false);
  client.send("the end");
  client.timeOut();
  static_cast<MemoryStream&>(peers[0]->stream()).reset();
  turn();
  EXPECT_EQ(cluster->open(), 0U);
}

}  // namespace
}  // namespace weir::upstream
