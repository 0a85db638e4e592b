#include "core/upstream/attempt.h"

#include <optional>

#include "core/upstream/failure_reason.h"
#include "tests/core/upstream/fixture.h"

namespace weir::upstream {
namespace {

using test::MemoryConnector;

// The owner of an attempt: notes its events, and sends a request once there is a connection.
class Owner final : public AttemptEvents, public http::ResponseEvents {
 public:
  Owner(event::Loop& loop, Tries& tries, BlockPool& pool)
      : arena(pool), request(arena), answer(arena), attempt(std::in_place, loop, tries, *this) {
    request.method_text = "GET";
    request.authority = "x";
    request.path = "/";
  }

  void onAttemptDue() override { told += "due "; }
  void onAcquired(const PooledConnection& connection) override {
    told += "acquired ";
    attempt->open(connection, *this).sendHead(request);
  }
  void onAcquireFailed(Error error) override {
    told += "failed:" + std::string(toString(error.code)) + " ";
    failure = error;
  }
  void onAttemptTimeout() override { told += "timeout "; }

  http::Response& response() override { return answer; }
  void onInformational() override {}
  void onResponseHead() override { attempt->noteHead(); }
  void onResponseBody(Bytes) override {}
  void onResponseEnd() override {
    told += std::to_string(answer.status) + " ";
    attempt->noteResponseEnd();
  }
  void onResponseFailed(Error error) override {
    told += "broken:" + std::string(toString(error.code)) + " ";
    failure = error;
    attempt->noteResponseEnd();
  }
  void onRequestDrained() override {}

  Arena arena;
  http::Request request;
  http::Response answer;
  std::string told;
  Error failure;
  std::optional<Attempt> attempt;
};

class AttemptTest : public ClusterTest {
 protected:
  ~AttemptTest() override {
    server.reset();
    turn();
    owner.reset();
    tries.reset();
  }

  void begin(const std::vector<std::string>& addresses = {"10.0.0.1:80", "10.0.0.2:80"}) {
    start(addresses);
    beginRequest();
  }
  void beginRequest() {
    owner.reset();
    tries.emplace();
    tries->begin(*cluster);
    owner = std::make_unique<Owner>(loop, *tries, pool);
  }
  Attempt& attempt() { return *owner->attempt; }
  const std::string& told() const { return owner->told; }
  std::string endpoint() { return attempt().member()->endpoint.address.text(); }
  void acquire() {
    EXPECT_EQ(attempt().begin(), Reason::kNone);
    attempt().acquire({.fresh = tries->fresh()});
    turn();
  }
  std::uint32_t inFlight() const {
    std::uint32_t sum = 0;
    cluster->forEachMember([&](const Member& member) { sum += member.in_flight; });
    return sum;
  }
  std::uint64_t requests(int status, Reason reason) {
    return cells.counter(upstreamRequestsKey(7, status, reason)).value();
  }
  std::uint64_t durations(AttemptOutcome outcome) {
    const MetricKey wanted = upstreamAttemptDurationKey(7, outcome);
    std::uint64_t sum = 0;
    cells.forEach([&](MetricKey key, const MetricCell* cell) {
      if (key != wanted) return;
      for (std::size_t at = 1; at < Histogram::kCells; ++at) sum += cell[at].value();
    });
    return sum;
  }

  std::optional<Tries> tries;
  std::unique_ptr<Owner> owner;
  std::unique_ptr<test::StreamPeer> server;  // of a dialed stream
};

TEST_F(AttemptTest, SendsARequestAndCountsItsResult) {
  begin();
  acquire();
  EXPECT_EQ(endpoint(), "10.0.0.1:80");
  EXPECT_EQ(told(), "acquired ");
  EXPECT_NE(attempt().requester(), nullptr);
  EXPECT_FALSE(attempt().headArrived());
  EXPECT_EQ(inFlight(), 1U);
  answer(0);
  EXPECT_EQ(told(), "acquired 204 ");
  EXPECT_TRUE(attempt().headArrived());
  EXPECT_EQ(attempt().requester(), nullptr);
  attempt().end(AttemptOutcome::kOk, Reason::kNone, 204);
  EXPECT_EQ(inFlight(), 0U);
  EXPECT_EQ(requests(204, Reason::kNone), 1U);
  EXPECT_EQ(durations(AttemptOutcome::kOk), 1U);
  EXPECT_EQ(tries->attempts(), 1U);
  EXPECT_EQ(tries->tried().size(), 0U);
}

TEST_F(AttemptTest, ItsEndIsCountedOnce) {
  begin();
  acquire();
  answer(0);
  attempt().end(AttemptOutcome::kOk, Reason::kNone, 204);
  attempt().end(AttemptOutcome::kError, Reason::kNone, 204);
  attempt().drop(AttemptOutcome::kCancel, Reason::kNone, 204);
  EXPECT_EQ(requests(204, Reason::kNone), 1U);
  EXPECT_EQ(inFlight(), 0U);
}

TEST_F(AttemptTest, TheNextOneAvoidsTheEndpointThatFailed) {
  begin();
  connector.setOutcome(MemoryConnector::Outcome::kRefuses);
  acquire();
  EXPECT_EQ(told(), "failed:refused ");
  EXPECT_EQ(inFlight(), 1U);
  attempt().end(AttemptOutcome::kError, reasonForConnecting(owner->failure), 0);
  EXPECT_EQ(inFlight(), 0U);
  EXPECT_EQ(requests(0, Reason::kUpstreamConnectRefused), 1U);
  EXPECT_EQ(durations(AttemptOutcome::kError), 1U);
  connector.setOutcome(MemoryConnector::Outcome::kConnects);
  acquire();
  EXPECT_EQ(endpoint(), "10.0.0.2:80");
  EXPECT_EQ(tries->attempts(), 2U);
}

TEST_F(AttemptTest, NeedsAnEndpoint) {
  cluster = std::make_unique<Cluster>(Cluster::Tools{loop, connector, random, cells}, plan());
  beginRequest();
  EXPECT_EQ(attempt().begin(), Reason::kUpstreamDnsError);
  cluster->setEndpoints(at({}));
  EXPECT_EQ(attempt().begin(), Reason::kNoHealthyUpstream);
  EXPECT_EQ(attempt().member(), nullptr);
  EXPECT_EQ(tries->attempts(), 0U);
}

TEST_F(AttemptTest, StopsWaitingWhenItIsDropped) {
  begin();
  connector.setOutcome(MemoryConnector::Outcome::kHangs);
  acquire();
  EXPECT_TRUE(attempt().waiting());
  EXPECT_TRUE(attempt().connecting());
  attempt().drop(AttemptOutcome::kCancel, Reason::kClientDisconnect, 0);
  EXPECT_FALSE(attempt().waiting());
  connector.finishHanging();
  turn();
  EXPECT_EQ(told(), "");
  EXPECT_EQ(inFlight(), 0U);
  EXPECT_EQ(requests(0, Reason::kClientDisconnect), 1U);
}

TEST_F(AttemptTest, CancelsItsRequestWhenItIsDropped) {
  begin();
  acquire();
  attempt().drop(AttemptOutcome::kTimeout, Reason::kUpstreamTimeout, 0);
  answer(0);
  EXPECT_EQ(told(), "acquired ");
  EXPECT_EQ(durations(AttemptOutcome::kTimeout), 1U);
  EXPECT_EQ(inFlight(), 0U);
}

TEST_F(AttemptTest, DestroyingItCancelsItsRequest) {
  begin();
  acquire();
  owner->attempt.reset();
  answer(0);
  EXPECT_EQ(told(), "acquired ");
  EXPECT_EQ(inFlight(), 0U);
  EXPECT_EQ(durations(AttemptOutcome::kCancel), 1U);
}

TEST_F(AttemptTest, APauseEndsByAnEventUnlessItIsDropped) {
  begin();
  attempt().pause(Milliseconds(50));
  EXPECT_TRUE(attempt().pausing());
  loop.advance(Milliseconds(40));
  EXPECT_EQ(told(), "");
  loop.advance(Milliseconds(20));
  EXPECT_EQ(told(), "due ");
  EXPECT_FALSE(attempt().pausing());
  attempt().pause(Milliseconds(50));
  attempt().drop(AttemptOutcome::kCancel, Reason::kNone, 0);
  EXPECT_FALSE(attempt().pausing());
  loop.advance(Milliseconds(60));
  EXPECT_EQ(told(), "due ");
}

TEST_F(AttemptTest, ATimeLimitEndsWithTheAttempt) {
  begin();
  acquire();
  attempt().limit(Milliseconds(50));
  attempt().unlimit();
  loop.advance(Milliseconds(60));
  EXPECT_EQ(told(), "acquired ");
  attempt().limit(Milliseconds(50));
  loop.advance(Milliseconds(60));
  EXPECT_EQ(told(), "acquired timeout ");
  attempt().limit(Milliseconds(50));
  attempt().drop(AttemptOutcome::kTimeout, Reason::kPerTryTimeout, 0);
  loop.advance(Milliseconds(60));
  EXPECT_EQ(told(), "acquired timeout ");
}

TEST_F(AttemptTest, KnowsWhetherTheRequestWasProcessed) {
  const Error closed{ErrorCode::kClosed, Origin::kUpstream, ""};
  const Error refused{ErrorCode::kRefused, Origin::kUpstream, ""};
  const Error reset{ErrorCode::kReset, Origin::kUpstream, ""};
  begin();
  acquire();
  EXPECT_FALSE(attempt().reused());
  EXPECT_EQ(attempt().reasonForUnseen(closed, true), std::nullopt);
  EXPECT_EQ(attempt().reasonForUnseen(refused, false), Reason::kUpstreamResetBeforeHeaders);
  EXPECT_EQ(attempt().reasonForResponse(closed), Reason::kUpstreamResetBeforeHeaders);
  answer(0);
  attempt().end(AttemptOutcome::kOk, Reason::kNone, 204);
  acquire();
  EXPECT_TRUE(attempt().reused());
  EXPECT_EQ(attempt().reasonForUnseen(closed, true), Reason::kUpstreamKeepaliveRace);
  EXPECT_EQ(attempt().reasonForUnseen(closed, false), std::nullopt);
  EXPECT_EQ(attempt().reasonForUnseen(reset, true), std::nullopt);
  EXPECT_EQ(attempt().reasonForResponse(closed), Reason::kUpstreamKeepaliveRace);
}

TEST_F(AttemptTest, AFailureIsLogged) {
  event::LogLimit limit;
  cluster = std::make_unique<Cluster>(Cluster::Tools{loop, connector, random, cells}, [&] {
    auto logged = std::make_shared<ClusterPlan>(*plan());
    logged->failures = &limit;
    return logged;
  }());
  cluster->setEndpoints(at({"10.0.0.1:80"}));
  beginRequest();
  connector.setOutcome(MemoryConnector::Outcome::kRefuses);
  acquire();
  ::testing::internal::CaptureStderr();
  attempt().end(AttemptOutcome::kError, Reason::kUpstreamConnectRefused, 0);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              ::testing::HasSubstr("upstream orders: 10.0.0.1:80: upstream_connect_refused"));
}

TEST_F(AttemptTest, DialsAStreamWithoutACodec) {
  begin();
  ASSERT_EQ(attempt().begin(), Reason::kNone);
  auto stream = attempt().dial("hello ");
  ASSERT_TRUE(stream.ok());
  server = std::make_unique<test::StreamPeer>(std::move(stream.value()));
  turn();
  EXPECT_EQ(server->history(), "connected");
  attempt().noteDialed();
  server->send("world");
  turn();
  EXPECT_EQ(peers.at(0)->received(), "hello world");
  loop.advance(options.connect_timeout + Milliseconds(100));
  EXPECT_EQ(told(), "");
  EXPECT_EQ(inFlight(), 1U);
  EXPECT_EQ(cluster->open(), 1U);
  attempt().end(AttemptOutcome::kOk, Reason::kNone, 0);
  EXPECT_EQ(inFlight(), 0U);
  EXPECT_EQ(cluster->open(), 0U);
  EXPECT_EQ(requests(0, Reason::kNone), 1U);
  EXPECT_EQ(durations(AttemptOutcome::kOk), 0U);
}

TEST_F(AttemptTest, DialingHasTheTimeLimitOfTheCluster) {
  options.connect_timeout = Milliseconds(500);
  begin();
  connector.setOutcome(MemoryConnector::Outcome::kHangs);
  ASSERT_EQ(attempt().begin(), Reason::kNone);
  auto stream = attempt().dial({});
  ASSERT_TRUE(stream.ok());
  loop.advance(Milliseconds(400));
  EXPECT_EQ(told(), "");
  loop.advance(Milliseconds(200));
  EXPECT_EQ(told(), "timeout ");
  attempt().noteDialFailed({ErrorCode::kTimeout, Origin::kUpstream, ""});
  EXPECT_EQ(cells.counter(upstreamConnectionFailuresKey(7, ConnectFailure::kTimeout)).value(), 1U);
  attempt().end(AttemptOutcome::kTimeout, Reason::kUpstreamConnectTimeout, 0);
  EXPECT_EQ(cluster->open(), 0U);
}

TEST_F(AttemptTest, WhatCannotBeDialedHoldsNothing) {
  options.max_connections = 1;
  count.tryAdd(1);
  begin();
  ASSERT_EQ(attempt().begin(), Reason::kNone);
  const auto stream = attempt().dial({});
  ASSERT_FALSE(stream.ok());
  EXPECT_EQ(reasonForConnecting(stream.error()), Reason::kQueueFull);
  attempt().end(AttemptOutcome::kError, Reason::kQueueFull, 0);
  EXPECT_EQ(inFlight(), 0U);
  EXPECT_EQ(requests(0, Reason::kQueueFull), 1U);
  EXPECT_EQ(tries->tried().size(), 1U);
  count.remove();
}

TEST_F(AttemptTest, AResultThatNobodyNeedsIsNotCounted) {
  begin();
  ASSERT_EQ(attempt().begin(), Reason::kNone);
  auto stream = attempt().dial({});
  ASSERT_TRUE(stream.ok());
  attempt().discard();
  EXPECT_EQ(cluster->open(), 0U);
  EXPECT_EQ(requests(0, Reason::kNone), 0U);
  EXPECT_EQ(tries->tried().size(), 0U);
  attempt().discard();
}

}  // namespace
}  // namespace weir::upstream
