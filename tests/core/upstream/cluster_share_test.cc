// The cost of cancelled requests in connections and turns in the queue, and which clients bear it.
#include "core/upstream/cluster.h"
#include "core/upstream/share.h"
#include "tests/core/upstream/fixture.h"

namespace weir::upstream {
namespace {

using ::testing::IsEmpty;

class ShareTest : public ClusterTest {
 protected:
  // A request of a multiplexed client connection.
  Client& ask(Share& share) {
    Client& waiter = client();
    cluster->acquire(first(), waiter, {.revocable = true, .share = &share});
    turn();
    return waiter;
  }
  void takeBack(Share& share, std::size_t requests) {
    std::vector<Client*> taken;
    for (std::size_t i = 0; i < requests; ++i) taken.push_back(&ask(share));
    for (Client* each : taken) each->cancel();
    turn();
  }

  Share busy;
  Share other;
};

TEST_F(ShareTest, ARequestThatIsTakenBackLeavesItsConnection) {
  start();
  takeBack(busy, 1);
  EXPECT_EQ(cluster->open(), 1U);
  EXPECT_EQ(cluster->idle(), 0U);
  EXPECT_EQ(busy.takenBack(), 1U);
  answer(0);
  EXPECT_EQ(cluster->idle(), 1U);
  EXPECT_EQ(busy.takenBack(), 0U);
  Client& next = ask(other);
  EXPECT_EQ(next.told(), "reused ");
  answer(0);
  EXPECT_EQ(next.told(), "reused 204 ");
  EXPECT_EQ(peers.size(), 1U);
}

TEST_F(ShareTest, TheRestOfAShortBodyIsRead) {
  start();
  Client& client = ask(busy);
  peers[0]->send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nta");
  turn();
  client.cancel();
  peers[0]->send("il");
  turn();
  EXPECT_EQ(ask(other).told(), "reused ");
}

TEST_F(ShareTest, TheConnectionIsNotKeptForALongAnswer) {
  start();
  Client& client = ask(busy);
  peers[0]->send("HTTP/1.1 200 OK\r\ncontent-length: 70000\r\n\r\n");
  turn();
  client.cancel();
  turn();
  EXPECT_EQ(cluster->open(), 0U);
  EXPECT_EQ(busy.takenBack(), 0U);
}

TEST_F(ShareTest, NorForAnAnswerThatIsLate) {
  start();
  takeBack(busy, 1);
  loop.advance(Milliseconds(900));
  EXPECT_EQ(cluster->open(), 1U);
  loop.advance(Milliseconds(200));
  EXPECT_EQ(cluster->open(), 0U);
  EXPECT_EQ(busy.takenBack(), 0U);
}

TEST_F(ShareTest, AnExchangeThatTimedOutEndsItsConnection) {
  start();
  ask(busy).timeOut();
  turn();
  EXPECT_EQ(cluster->open(), 0U);
  EXPECT_EQ(busy.takenBack(), 0U);
}

TEST_F(ShareTest, AClusterThatLeavesKeepsNoneOfThem) {
  start();
  takeBack(busy, 1);
  cluster->closeIdle();
  turn();
  EXPECT_EQ(cluster->open(), 0U);
}

TEST_F(ShareTest, WhoTookMuchBackWaitsForItself) {
  start();
  takeBack(busy, Share::kMostTakenBack);
  EXPECT_EQ(peers.size(), 16U);
  Client& waiting = ask(busy);
  Client& second_one = ask(busy);
  EXPECT_THAT(waiting.told(), IsEmpty());
  EXPECT_EQ(ask(other).told(), "fresh ");
  cluster->cancel(second_one);
  answer(3);
  EXPECT_EQ(waiting.told(), "reused ");
  EXPECT_THAT(second_one.told(), IsEmpty());
  EXPECT_EQ(gauge(upstreamQueueDepthKey(7)), 0);
}

TEST_F(ShareTest, ButNotForLong) {
  start();
  takeBack(busy, Share::kMostTakenBack);
  Client& waiting = ask(busy);
  loop.advance(Milliseconds(1'100));
  turn();
  EXPECT_EQ(waiting.told(), "fresh ");
}

TEST_F(ShareTest, AClientMayGoBeforeItsRequestsHaveEnded) {
  start();
  {
    Share brief;
    takeBack(brief, 2);
    EXPECT_EQ(brief.takenBack(), 2U);
  }
  answer(0);
  answer(1);
  EXPECT_EQ(cluster->idle(), 2U);
}

TEST_F(ShareTest, ClientsTakeTurnsInTheQueue) {
  options.max_connections = 1;
  start();
  ask(busy);
  Client& two = ask(busy);
  Client& three = ask(busy);
  Client& four = ask(busy);
  Client& others = ask(other);
  answer(0);
  EXPECT_EQ(two.told(), "reused ");
  answer(0);
  EXPECT_EQ(others.told(), "reused ");
  EXPECT_THAT(three.told(), IsEmpty());
  Client& next = ask(other);
  answer(0);
  EXPECT_EQ(three.told(), "reused ");
  answer(0);
  EXPECT_EQ(next.told(), "reused ");
  EXPECT_THAT(four.told(), IsEmpty());
  answer(0);
  EXPECT_EQ(four.told(), "reused ");
}

TEST_F(ShareTest, NobodyIsOvertakenWithoutEnd) {
  options.max_connections = 1;
  start();
  ask(busy);
  ask(busy);
  Client& last = ask(busy);
  std::deque<Share> newcomers(4);
  for (Share& each : newcomers) ask(each);
  answer(0);  // to the first; the second is next
  std::deque<Share> later(4);
  for (Share& each : later) ask(each);
  for (int i = 0; i < 5; ++i) answer(0);  // the second, and those that arrived meanwhile
  EXPECT_EQ(last.told(), "reused ");
  for (const auto& each : clients) each->cancel();
  for (const auto& each : clients) {
    if (each->told().empty()) cluster->cancel(*each);
  }
}

TEST_F(ShareTest, AFullQueueLosesTheLatestOfWhoHasMost) {
  options.max_connections = 1;
  options.max_pending = 2;
  start();
  ask(busy);
  Client& two = ask(busy);
  Client& three = ask(busy);
  Client& others = ask(other);
  EXPECT_EQ(three.told(), "exhausted ");
  EXPECT_THAT(two.told(), IsEmpty());
  EXPECT_THAT(others.told(), IsEmpty());
  EXPECT_EQ(gauge(upstreamQueueDepthKey(7)), 2);
  cluster->cancel(two);
  cluster->cancel(others);
}

}  // namespace
}  // namespace weir::upstream
