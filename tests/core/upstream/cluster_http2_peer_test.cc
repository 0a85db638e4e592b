// The effects of HTTP/2 endpoints on the pool, with frames written by hand.
#include "core/upstream/cluster.h"
#include "tests/core/upstream/fixture.h"
#include "tests/core/upstream/peer_endpoint.h"

namespace weir::upstream {
namespace {

using test::MemoryConnector;
using test::MemoryStream;

class Http2PeerTest : public ClusterTest {
 protected:
  Http2PeerTest() {
    options.protocol = http::VersionChoice::kHttp2;
    accept = [this](std::unique_ptr<MemoryStream> stream) {
      endpoints.push_back(std::make_unique<RawHttp2Endpoint>(std::move(stream), says));
    };
  }

  // Acquires so many at once, and answers them until none is waiting.
  std::string askAll(std::size_t many) {
    for (std::size_t i = 0; i < many; ++i) cluster->acquire(first(), client(), {});
    for (std::size_t round = 0; round < many; ++round) {
      turn();
      for (auto& endpoint : endpoints) {
        if (endpoint->outstanding() > 0) endpoint->answer(0);
      }
    }
    turn();
    std::string others;
    for (const auto& each : clients) {
      if (!each->told().ends_with("204 ")) others += each->told() + "; ";
    }
    return others;
  }

  // Starts with one connection that has nothing in transit in either direction.
  void startWithOneAtRest() {
    start();
    acquire(first());
    endpoints.at(0)->answer(0);
    turn();
  }

  RawHttp2Endpoint::Says says;
  std::deque<std::unique_ptr<RawHttp2Endpoint>> endpoints;
};

TEST_F(Http2PeerTest, AnEndpointThatAllowsOneStreamLosesNoneOfMany) {
  says.streams = 1;
  start();
  EXPECT_EQ(askAll(40), "");
}

TEST_F(Http2PeerTest, NorDoesItAtTheLimitOfConnections) {
  says.streams = 1;
  options.max_connections = 2;
  start();
  EXPECT_EQ(askAll(40), "");
  EXPECT_EQ(endpoints.size(), 2U);
}

TEST_F(Http2PeerTest, NothingIsSentBeforeTheEndpointSaidWhatItTakes) {
  says.settings = false;
  options.connect_timeout = Milliseconds(300);
  start();
  Client& client = acquire(first());
  EXPECT_EQ(endpoints.at(0)->outstanding(), 0U);
  loop.advance(Milliseconds(400));
  EXPECT_EQ(client.told(), "timeout ");
  EXPECT_EQ(cluster->open(), 0U);
}

TEST_F(Http2PeerTest, AnEndpointThatNeverAllowsAStreamIsNotConnectedToForEver) {
  says.streams = 0;
  start();
  EXPECT_EQ(acquire(first()).told(), "refused ");
  EXPECT_EQ(endpoints.size(), 1U);
  EXPECT_EQ(cluster->open(), 0U);
}

TEST_F(Http2PeerTest, StreamsThatAreTakenBackHangNobodyAtTheLimit) {
  options.max_connections = 1;
  start();
  Client& before = acquire(first());
  Client& next = acquire(second());
  endpoints.at(0)->limit(0);
  endpoints.at(0)->answer(0);
  turn();
  EXPECT_EQ(before.told(), "fresh 204 ");
  EXPECT_EQ(next.told(), "fresh ");
  EXPECT_EQ(cluster->open(), 1U);
  EXPECT_EQ(cluster->idle(), 0U);
}

TEST_F(Http2PeerTest, WhatWasNotSentWhenStreamsAreTakenBackGoesElsewhere) {
  start();
  Client& one = acquire(first());
  endpoints.at(0)->limit(1);
  Client& other = client();
  cluster->acquire(first(), other, {});  // before the endpoint's frame is read
  turn();
  EXPECT_EQ(one.told(), "fresh ");
  EXPECT_EQ(other.told(), "reused failed:refused ");
}

TEST_F(Http2PeerTest, AConnectionWhoseSessionHasEndedIsNotOnOffer) {
  start();
  Client& one = acquire(first());
  endpoints.at(0)->misbehave();
  Client& other = client();
  cluster->acquire(first(), other, {});
  turn();
  EXPECT_EQ(one.told(), "fresh failed:closed ");
  EXPECT_EQ(acquire(first()).told(), "fresh ");
  EXPECT_EQ(endpoints.size(), 2U);
}

TEST_F(Http2PeerTest, AfterATimeoutOnASilentConnectionItTakesNoMoreUntilItAnswersAPing) {
  startWithOneAtRest();
  Client& late = acquire(first());
  endpoints.at(0)->ignorePings();
  late.timeOut();
  turn();
  EXPECT_EQ(endpoints.at(0)->pings(), 1U);
  EXPECT_EQ(acquire(first()).told(), "fresh ");
  EXPECT_EQ(endpoints.size(), 2U);
  endpoints.at(0)->answerPings();
  turn();
  acquire(first());
  acquire(first());
  EXPECT_EQ(endpoints.at(0)->outstanding() + endpoints.at(1)->outstanding(), 3U);
  EXPECT_EQ(endpoints.size(), 2U);
  EXPECT_EQ(cluster->open(), 2U);
}

TEST_F(Http2PeerTest, WithoutAnAnswerToThePingAllOnItFailAtOnce) {
  options.http2.ping_timeout = Milliseconds(200);
  startWithOneAtRest();
  Client& late = acquire(first());
  Client& beside = acquire(first());
  endpoints.at(0)->ignorePings();
  late.timeOut();
  loop.advance(Milliseconds(100));
  EXPECT_EQ(beside.told(), "reused ");
  loop.advance(Milliseconds(200));
  EXPECT_EQ(beside.told(), "reused failed:timeout ");
  EXPECT_EQ(cluster->open(), 0U);
}

TEST_F(Http2PeerTest, ATimeoutOnAConnectionThatIsAliveCostsNothing) {
  start();
  Client& late = acquire(first());
  acquire(first());
  endpoints.at(0)->answer(1);
  turn();
  late.timeOut();
  turn();
  EXPECT_EQ(endpoints.at(0)->pings(), 0U);
  EXPECT_EQ(acquire(first()).told(), "reused ");
}

TEST_F(Http2PeerTest, AClientThatLeavesAtOnceRaisesNoDoubt) {
  start();
  acquire(first()).cancel();
  turn();
  EXPECT_EQ(endpoints.at(0)->pings(), 0U);
  EXPECT_EQ(acquire(first()).told(), "reused ");
}

TEST_F(Http2PeerTest, OneThatLeavesAfterALongSilenceDoes) {
  startWithOneAtRest();
  Client& client = acquire(first());
  endpoints.at(0)->ignorePings();
  loop.advance(Milliseconds(1'500));
  client.cancel();
  turn();
  EXPECT_EQ(endpoints.at(0)->pings(), 1U);
  EXPECT_EQ(acquire(first()).told(), "fresh ");
}

TEST_F(Http2PeerTest, AnUpgradeIsLentAConnectionOnlyWhereTheEndpointAnnouncedIt) {
  start();
  Client& refused = client();
  cluster->acquire(first(), refused, {.upgrade = true});
  turn();
  EXPECT_EQ(refused.told(), "not implemented ");
  says.connect_protocol = true;
  Client& taken = client();
  cluster->acquire(second(), taken, {.upgrade = true});
  turn();
  EXPECT_EQ(taken.told(), "fresh ");
}

}  // namespace
}  // namespace weir::upstream
