#include "core/upstream/cluster.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/arena.h"
#include "tests/support/memory_connector.h"
#include "tests/support/stream_peer.h"

namespace weir::upstream {
namespace {

using test::MemoryConnector;
using test::MemoryStream;
using test::StreamPeer;
using ::testing::IsEmpty;

// Shows what it was given.
class Listing final : public Balancer {
 public:
  static std::unique_ptr<Balancer> make(Random&) { return std::make_unique<Listing>(); }
  static std::unique_ptr<Balancer> makeReversed(Random&) {
    auto listing = std::make_unique<Listing>();
    listing->reversed_ = true;
    return listing;
  }

 private:
  void setMembers(std::span<Member* const> members) override {
    members_.assign(members.begin(), members.end());
    if (reversed_) std::reverse(members_.begin(), members_.end());
  }
  Member* pick(Tried tried) override {
    return tried.size() < members_.size() ? members_[tried.size()] : nullptr;
  }

  std::vector<Member*> members_;
  bool reversed_ = false;
};

// Borrows a connection and asks one thing on it.
class Client final : public Borrower, private http::ResponseEvents {
 public:
  explicit Client(BlockPool& pool) : arena_(pool), request_(arena_), response_(arena_) {
    request_.method_text = "GET";
    request_.authority = "x";
    request_.path = "/";
  }

  std::string told() const { return told_; }
  void send(std::string_view text) { requester_->sendBody(asBytes(text)); }
  void cancel() {
    if (auto* requester = std::exchange(requester_, nullptr)) requester->cancel();
  }

 private:
  void onLent(const Lease& lease) override {
    told_ += lease.reused ? "reused " : "fresh ";
    requester_ = &lease.codec.open(*this);
    requester_->sendHead(request_);
  }
  void onLendFailed(Error error) override { told_ += std::string(toString(error.code)) + " "; }
  http::Response& response() override { return response_; }
  void onInformational() override {}
  void onResponseHead() override {}
  void onResponseBody(Bytes) override {}
  void onResponseEnd() override {
    requester_ = nullptr;
    told_ += std::to_string(response_.status) + " ";
  }
  void onResponseFailed(Error error) override {
    requester_ = nullptr;
    told_ += "failed:" + std::string(toString(error.code)) + " ";
  }
  void onRequestDrained() override {}

  Arena arena_;
  http::Request request_;
  http::Response response_;
  http::Requester* requester_ = nullptr;
  std::string told_;
};

class ClusterTest : public ::testing::Test {
 protected:
  ~ClusterTest() override {
    for (const auto& each : clients) each->cancel();
    cluster = nullptr;
    turn();
    EXPECT_EQ(count.value(), 0U);
    EXPECT_EQ(gauge(upstreamConnectionsActiveKey(7)), 0);
    EXPECT_EQ(gauge(upstreamConnectionsIdleKey(7)), 0);
    peers.clear();
    turn();
  }

  std::shared_ptr<const ClusterPlan> plan(BalancerFactory balancer = &Listing::make) {
    auto plan = std::make_shared<ClusterPlan>();
    plan->id = 7;
    plan->name = "orders";
    plan->options = options;
    plan->balancer = balancer;
    plan->connections = &count;
    return plan;
  }
  static SharedEndpoints at(const std::vector<std::string>& addresses) {
    EndpointSet set;
    for (const auto& each : addresses) {
      set.endpoints.push_back({net::Address::parse(each).value(), 1, {}});
    }
    return std::make_shared<const EndpointSet>(std::move(set));
  }
  void start(const std::vector<std::string>& addresses = {"10.0.0.1:80", "10.0.0.2:80"}) {
    cluster = std::make_unique<Cluster>(Cluster::Tools{loop, connector, random, cells}, plan());
    cluster->setEndpoints(at(addresses));
  }

  Client& client() {
    clients.push_back(std::make_unique<Client>(pool));
    return *clients.back();
  }
  Client& lend(Member& member, bool fresh = false) {
    Client& borrower = client();
    cluster->lend(member, borrower, fresh);
    turn();
    return borrower;
  }
  Member& first() { return *cluster->pick({}); }
  Member& second() {
    const Member* const tried[] = {&first()};
    return *cluster->pick(tried);
  }
  void answer(std::size_t index, std::string_view fields = {}) {
    peers.at(index)->send("HTTP/1.1 204 No Content\r\n" + std::string(fields) + "\r\n");
    turn();
  }
  void turn() { loop.advance(Milliseconds(0)); }
  std::int64_t gauge(GaugeKey key) { return cells.gauge(key).value(); }
  std::string attempts() const {
    std::string text;
    for (const net::Address& to : connector.attempts()) text += to.text() + " ";
    return text;
  }

  event::Loop loop{event::Loop::Time::kManual};
  BlockPool pool{4096};
  std::deque<std::unique_ptr<StreamPeer>> peers;
  MemoryConnector connector{loop, [this](std::unique_ptr<MemoryStream> peer, const net::Address&) {
                              peers.push_back(std::make_unique<StreamPeer>(std::move(peer)));
                            }};
  Random random{1};
  MetricCells cells;
  event::SharedCount count;
  ClusterOptions options;
  std::unique_ptr<Cluster> cluster;
  std::deque<std::unique_ptr<Client>> clients;
};

TEST_F(ClusterTest, KnowsNoEndpointsBeforeItIsTold) {
  cluster = std::make_unique<Cluster>(Cluster::Tools{loop, connector, random, cells}, plan());
  EXPECT_FALSE(cluster->knowsEndpoints());
  EXPECT_EQ(cluster->pick({}), nullptr);
  cluster->setEndpoints(at({}));
  EXPECT_TRUE(cluster->knowsEndpoints());
  EXPECT_EQ(cluster->pick({}), nullptr);
}

TEST_F(ClusterTest, EndpointsWithoutWeightGetNoTraffic) {
  start({});
  EndpointSet set;
  set.endpoints.push_back({net::Address::parse("10.0.0.1:80").value(), 0, {}});
  set.endpoints.push_back({net::Address::parse("10.0.0.2:80").value(), 3, {}});
  cluster->setEndpoints(std::make_shared<const EndpointSet>(set));
  EXPECT_EQ(first().endpoint.address.text(), "10.0.0.2:80");
  EXPECT_EQ(first().endpoint.weight, 3U);
}

TEST_F(ClusterTest, ConnectsAndLends) {
  start();
  Client& client = lend(first());
  EXPECT_EQ(client.told(), "fresh ");
  EXPECT_EQ(peers[0]->received(), "GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  EXPECT_EQ(first().in_flight, 1U);
  EXPECT_EQ(gauge(upstreamConnectionsActiveKey(7)), 1);
  answer(0);
  cluster->done(first());
  EXPECT_EQ(client.told(), "fresh 204 ");
  EXPECT_EQ(first().in_flight, 0U);
  EXPECT_EQ(cluster->idle(), 1U);
}

TEST_F(ClusterTest, LendsTheLatestReturnedFirst) {
  start();
  lend(first());
  lend(first());
  answer(0);
  answer(1);
  EXPECT_EQ(cluster->idle(), 2U);
  EXPECT_EQ(lend(first()).told(), "reused ");
  EXPECT_EQ(peers[1]->received().size(), 2 * peers[0]->received().size());
  EXPECT_EQ(cells.counter(upstreamReusedConnectionsKey(7)).value(), 1U);
}

TEST_F(ClusterTest, AFreshOneIsNeverReused) {
  start();
  lend(first());
  answer(0);
  EXPECT_EQ(lend(first(), true).told(), "fresh ");
  EXPECT_EQ(cluster->open(), 2U);
}

TEST_F(ClusterTest, ConnectionsBelongToTheirEndpoint) {
  start();
  lend(first());
  answer(0);
  EXPECT_EQ(lend(second()).told(), "fresh ");
  EXPECT_EQ(attempts(), "10.0.0.1:80 10.0.0.2:80 ");
}

TEST_F(ClusterTest, AnIdleConnectionIsClosedAfterItsTime) {
  options.idle_timeout = Milliseconds(1'000);
  start();
  lend(first());
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
  lend(first());
  answer(0);
  lend(first());
  loop.advance(Milliseconds(5'000));
  EXPECT_EQ(cluster->open(), 1U);
}

TEST_F(ClusterTest, AnIdleConnectionThatEndsIsForgotten) {
  start();
  lend(first());
  lend(first());
  answer(0);
  answer(1);
  peers[0]->close();  // the second in the list
  turn();
  EXPECT_EQ(cluster->idle(), 1U);
  EXPECT_EQ(lend(first()).told(), "reused ");
}

TEST_F(ClusterTest, UnaskedBytesEndAnIdleConnection) {
  start();
  lend(first());
  answer(0);
  answer(0);
  EXPECT_EQ(cluster->open(), 0U);
}

TEST_F(ClusterTest, AnAnswerThatClosesIsNotKept) {
  start();
  lend(first());
  answer(0, "connection: close\r\n");
  EXPECT_EQ(cluster->open(), 0U);
  EXPECT_EQ(cluster->idle(), 0U);
}

TEST_F(ClusterTest, ACancelledExchangeEndsItsConnection) {
  start();
  Client& client = lend(first());
  client.cancel();
  turn();
  EXPECT_EQ(cluster->open(), 0U);
  EXPECT_TRUE(peers[0]->ended());
}

TEST_F(ClusterTest, TellsWhyConnectingFailed) {
  start();
  connector.setOutcome(MemoryConnector::Outcome::kRefuses);
  EXPECT_EQ(lend(first()).told(), "refused ");
  connector.setOutcome(MemoryConnector::Outcome::kUnreachable);
  EXPECT_EQ(lend(first()).told(), "unreachable ");
  connector.setOutcome(MemoryConnector::Outcome::kFails);
  EXPECT_EQ(lend(first()).told(), "exhausted ");
  EXPECT_EQ(cluster->open(), 0U);
  EXPECT_EQ(cells.counter(upstreamConnectionFailuresKey(7, ConnectFailure::kRefused)).value(), 1U);
}

TEST_F(ClusterTest, ConnectingHasItsTime) {
  options.connect_timeout = Milliseconds(300);
  start();
  connector.setOutcome(MemoryConnector::Outcome::kHangs);
  Client& client = lend(first());
  loop.advance(Milliseconds(200));
  EXPECT_THAT(client.told(), IsEmpty());
  loop.advance(Milliseconds(200));
  EXPECT_EQ(client.told(), "timeout ");
  EXPECT_EQ(cells.counter(upstreamConnectionFailuresKey(7, ConnectFailure::kTimeout)).value(), 1U);
}

TEST_F(ClusterTest, AConnectionThatNobodyWaitsForAnyMoreIsKept) {
  start();
  connector.setOutcome(MemoryConnector::Outcome::kHangs);
  Client& gone = lend(first());
  cluster->cancel(gone);
  cluster->done(first());
  connector.finishHanging();
  turn();
  EXPECT_THAT(gone.told(), IsEmpty());
  EXPECT_EQ(cluster->idle(), 1U);
  EXPECT_EQ(lend(first()).told(), "reused ");
}

TEST_F(ClusterTest, AFailureThatNobodyWaitsForAnyMoreIsCountedOnly) {
  options.connect_timeout = Milliseconds(100);
  start();
  connector.setOutcome(MemoryConnector::Outcome::kHangs);
  Client& gone = lend(first());
  cluster->cancel(gone);
  cluster->done(first());
  cluster->setEndpoints(at({"10.0.0.9:80"}));
  loop.advance(Milliseconds(200));
  EXPECT_THAT(gone.told(), IsEmpty());
  EXPECT_EQ(cluster->open(), 0U);
}

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

TEST_F(ClusterTest, AnEndpointThatIsListedAgainStaysTheSameMember) {
  start();
  Member* const before = &first();
  lend(first());
  cluster->setEndpoints(at({"10.0.0.1:80", "10.0.0.3:80"}));
  EXPECT_EQ(&first(), before);
  EXPECT_EQ(first().in_flight, 1U);
  EXPECT_EQ(second().endpoint.address.text(), "10.0.0.3:80");
}

TEST_F(ClusterTest, AnEndpointThatLeavesLosesItsIdleConnections) {
  start();
  lend(first());
  answer(0);
  cluster->done(first());
  cluster->setEndpoints(at({"10.0.0.2:80"}));
  turn();
  EXPECT_EQ(cluster->open(), 0U);
  EXPECT_TRUE(peers[0]->ended());
}

TEST_F(ClusterTest, WhatIsInFlightToAnEndpointThatLeftIsFinished) {
  start();
  Member& left = first();
  Client& client = lend(left);
  cluster->setEndpoints(at({"10.0.0.2:80"}));
  EXPECT_FALSE(left.listed);
  answer(0);
  EXPECT_EQ(client.told(), "fresh 204 ");
  EXPECT_EQ(cluster->open(), 0U);
  cluster->done(left);
}

TEST_F(ClusterTest, TheSameEndpointsChangeNothing) {
  start();
  const auto endpoints = at({"10.0.0.5:80"});
  cluster->setEndpoints(endpoints);
  Member* const before = &first();
  cluster->setEndpoints(endpoints);
  EXPECT_EQ(&first(), before);
}

TEST_F(ClusterTest, UnixSocketsAreEndpointsToo) {
  start({"unix:/run/orders.sock", "unix:/run/other.sock"});
  EXPECT_EQ(lend(first()).told(), "fresh ");
  EXPECT_EQ(attempts(), "unix:/run/orders.sock ");
}

TEST_F(ClusterTest, ANewBalancerKnowsTheMembers) {
  start();
  lend(first());
  cluster->configure(plan(&Listing::makeReversed));
  EXPECT_EQ(first().endpoint.address.text(), "10.0.0.2:80");
  EXPECT_EQ(cluster->open(), 1U);
}

TEST_F(ClusterTest, NewOptionsHoldFromTheNextConnectionOn) {
  start();
  lend(first());
  options.max_connections = 1;
  options.max_pending = 0;
  cluster->configure(plan());
  EXPECT_EQ(lend(first()).told(), "exhausted ");
}

TEST_F(ClusterTest, ALeavingClusterKeepsNothingThatIsNotInUse) {
  start();
  cluster->enter();
  lend(first());
  lend(second());
  answer(0);
  cluster->closeIdle();
  EXPECT_EQ(cluster->idle(), 0U);
  EXPECT_FALSE(cluster->quiet());
  answer(1);
  EXPECT_EQ(cluster->open(), 0U);
  EXPECT_FALSE(cluster->quiet());
  cluster->leave();
  EXPECT_TRUE(cluster->quiet());
}

TEST_F(ClusterTest, ALeavingClusterStillServesTheTriesOfExchangesInFlight) {
  start();
  cluster->enter();
  cluster->closeIdle();
  EXPECT_EQ(first().endpoint.address.text(), "10.0.0.1:80");
  Client& client = lend(second());
  answer(0);
  EXPECT_EQ(client.told(), "fresh 204 ");
  EXPECT_EQ(cluster->open(), 0U);
  cluster->done(second());
  EXPECT_EQ(second().endpoint.address.text(), "10.0.0.2:80");
  cluster->leave();
}

TEST_F(ClusterTest, EndsWithWhatIsOnItsWay) {
  start();
  connector.setOutcome(MemoryConnector::Outcome::kHangs);
  Client& client = lend(first());
  cluster->cancel(client);
  cluster = nullptr;
  EXPECT_EQ(count.value(), 0U);
}

TEST_F(ClusterTest, EndsWithWhatIsStillLeaving) {
  start();
  Client& client = lend(first());
  peers[0]->stream().setReading(false);
  client.send("what the upstream does not take");
  client.cancel();
  turn();
  EXPECT_EQ(cluster->open(), 1U);
  cluster = nullptr;
  EXPECT_EQ(count.value(), 0U);
}

TEST_F(ClusterTest, LastBytesHaveTimeToLeave) {
  start();
  Client& client = lend(first());
  peers[0]->stream().setReading(false);
  client.send("the end");
  client.cancel();
  cluster->done(first());
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
  Client& client = lend(first());
  peers[0]->stream().setReading(false);
  client.send("the end");
  client.cancel();
  loop.advance(Milliseconds(5'100));
  EXPECT_EQ(cluster->open(), 0U);
}

TEST_F(ClusterTest, AConnectionThatBreaksWhileItFlushesIsForgotten) {
  start();
  Client& client = lend(first());
  peers[0]->stream().setReading(false);
  client.send("the end");
  client.cancel();
  static_cast<MemoryStream&>(peers[0]->stream()).reset();
  turn();
  EXPECT_EQ(cluster->open(), 0U);
}

TEST(ClusterOptions, DifferWhenAnythingDoes) {
  const ClusterOptions same;
  EXPECT_TRUE(same == ClusterOptions());
  ClusterOptions other;
  other.queue_timeout = Milliseconds(1);
  EXPECT_FALSE(same == other);
}

}  // namespace
}  // namespace weir::upstream
