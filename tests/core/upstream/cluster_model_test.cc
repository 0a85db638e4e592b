// A cluster under thousands of random operations and events; invariants are checked after each of
// them. The name of each test contains its seed.
#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/upstream/cluster.h"
#include "core/upstream/share.h"
#include "tests/core/upstream/fixture.h"
#include "tests/core/upstream/peer_endpoint.h"

namespace weir::upstream {
namespace {

using test::MemoryConnector;
using test::MemoryStream;

class Asker;

// Shared by the askers, for the invariants over all of them.
struct World {
  Cluster* cluster = nullptr;
  Random* random = nullptr;
  std::map<const Member*, std::size_t> in_flight;  // unfinished attempts
  std::size_t waiting = 0;                         // askers without a callback
};

// Acquires a connection, sends a request on it, and sometimes retries if that fails.
class Asker final : public PoolWaiter, private http::ResponseEvents {
 public:
  enum class State { kWaiting, kLent, kOver };

  Asker(BlockPool& pool, World& world, Share& share)
      : world_(world), share_(share), arena_(pool), request_(arena_), response_(arena_) {
    request_.method_text = "GET";
    request_.authority = "x";
    request_.path = "/";
  }

  void ask(Demand demand) {
    member_ = world_.cluster->pick({});
    if (member_ == nullptr) return;  // there are no endpoints
    demand.share = &share_;
    demand_ = demand;
    if (demand.upgrade) request_.upgrade = "websocket";
    state_ = State::kWaiting;
    ++world_.waiting;
    ++world_.in_flight[member_];
    world_.cluster->acquire(*member_, *this, demand);
  }
  void cancel(bool late) {
    if (state_ == State::kWaiting) {
      world_.cluster->cancel(*this);
      --world_.waiting;
    } else if (auto* requester = std::exchange(requester_, nullptr)) {
      late ? requester->timeOut() : requester->cancel();
    }
    finish();
  }
  State state() const { return state_; }

 private:
  void onAcquired(const PooledConnection& lease) override {
    ASSERT_EQ(state_, State::kWaiting) << "called back twice";
    --world_.waiting;
    state_ = State::kLent;
    EXPECT_GT(lease.codec.free(), 0U);
    if (demand_.fresh) {
      EXPECT_FALSE(lease.reused);
    }
    if (demand_.upgrade) {
      EXPECT_TRUE(lease.codec.takesUpgrades());
    }
    if (demand_.by_http1) {
      EXPECT_EQ(lease.codec.most(), 1U);
    }
    requester_ = &lease.codec.open(*this);
    requester_->sendHead(request_);
    if (world_.random->below(32) == 0) cancel(false);
  }
  void onAcquireFailed(Error) override {
    ASSERT_EQ(state_, State::kWaiting) << "called back twice";
    --world_.waiting;
    finish();
    tryAgain();
  }
  http::Response& response() override { return response_; }
  void onInformational() override {}
  void onResponseHead() override {}
  void onResponseBody(Bytes) override {}
  void onResponseEnd() override {
    requester_ = nullptr;
    finish();
  }
  void onResponseFailed(Error) override {
    requester_ = nullptr;
    finish();
    tryAgain();
  }
  void onRequestDrained() override {}

  void finish() {
    if (state_ == State::kOver) return;
    state_ = State::kOver;
    --world_.in_flight[member_];
    world_.cluster->done(*std::exchange(member_, nullptr), {});
  }
  void tryAgain() {
    if (tries_++ < 2) ask({.fresh = world_.random->below(2) == 0, .upgrade = demand_.upgrade});
  }

  World& world_;
  Share& share_;
  Arena arena_;
  http::Request request_;
  http::Response response_;
  http::Requester* requester_ = nullptr;
  Member* member_ = nullptr;
  Demand demand_;
  State state_ = State::kOver;
  int tries_ = 0;
};

struct Case {
  std::uint64_t seed;
  http::VersionChoice protocol;
};

class ClusterModel : public ClusterTest, public ::testing::WithParamInterface<Case> {
 protected:
  static constexpr int kSteps = 4'000;

  ClusterModel() {
    draw = Random(GetParam().seed);
    options.protocol = GetParam().protocol;
    options.max_connections = 3;
    options.max_pending = 20;
    options.idle_timeout = Milliseconds(500);
    options.connect_timeout = Milliseconds(200);
    options.http2.ping_timeout = Milliseconds(100);
    accept = [this](std::unique_ptr<MemoryStream> stream) {
      if (options.protocol == http::VersionChoice::kHttp1) {
        endpoints.push_back(std::make_unique<Http1Endpoint>(std::move(stream)));
        return;
      }
      const RawHttp2Endpoint::Says says{.streams = static_cast<std::uint32_t>(chance(5)),
                                        .connect_protocol = chance(2) == 0,
                                        .settings = chance(20) > 0};
      endpoints.push_back(std::make_unique<RawHttp2Endpoint>(std::move(stream), says));
    };
    start(addresses);
    world.cluster = cluster.get();
    world.random = &draw;
  }
  ~ClusterModel() override {
    for (const auto& asker : askers) asker->cancel(false);
  }

  std::size_t chance(std::size_t below) { return draw.below(below); }
  template <typename List>
  auto& any(List& list) {
    return *list[chance(list.size())];
  }
  Share& anyShare() { return shares[chance(shares.size())]; }

  void ask() {
    askers.push_back(std::make_unique<Asker>(pool, world, anyShare()));
    Demand demand;
    demand.fresh = chance(8) == 0;
    demand.once = chance(3) == 0;
    demand.upgrade = chance(8) == 0;
    demand.by_http1 = demand.upgrade && chance(2) == 0;
    demand.revocable = chance(2) == 0;
    askers.back()->ask(demand);
  }
  void cancel() {
    if (!askers.empty()) any(askers).cancel(chance(2) == 0);
  }
  void endpointActs() {
    if (endpoints.empty()) return;
    PeerEndpoint& endpoint = any(endpoints);
    const std::size_t asked = endpoint.outstanding();
    switch (chance(16)) {
      case 0:
        return endpoint.end();
      case 1:
        return endpoint.reset();
      case 2:
        return endpoint.sayGoodbye();
      case 3:
        return endpoint.misbehave();
      case 4:
      case 5:
        return endpoint.limit(static_cast<std::uint32_t>(chance(4)));
      case 6:
        return asked > 0 ? endpoint.refuse(chance(asked)) : void();
      case 7:
        if (auto* http2 = dynamic_cast<RawHttp2Endpoint*>(&endpoint)) {
          return chance(2) == 0 ? http2->ignorePings() : http2->answerPings();
        }
        return;
      default:
        return asked > 0 ? endpoint.answer(chance(asked)) : void();
    }
  }
  void networkChanges() {
    using Outcome = MemoryConnector::Outcome;
    constexpr Outcome kOutcomes[] = {Outcome::kConnects, Outcome::kConnects, Outcome::kRefuses,
                                     Outcome::kHangs, Outcome::kFails};
    connector.setOutcome(kOutcomes[chance(5)]);
    if (chance(2) == 0) connector.finishHanging();
  }
  void reload() {
    options.max_connections = static_cast<std::uint32_t>(1 + chance(4));
    options.max_connection_age = chance(2) == 0 ? Milliseconds(300) : Milliseconds(0);
    if (chance(3) == 0) options.http2.max_streams = static_cast<std::uint32_t>(1 + chance(3));
    cluster->configure(plan());
  }
  void discover() {
    std::vector<std::string> some;
    for (const std::string& address : addresses) {
      if (chance(4) > 0) some.push_back(address);
    }
    cluster->setEndpoints(at(some));
  }
  void step() {
    switch (chance(40)) {
      case 0:
        return networkChanges();
      case 1:
        return reload();
      case 2:
        return discover();
      case 3:
      case 4:
      case 5:
        return loop.advance(Milliseconds(static_cast<std::int64_t>(chance(60))));
      case 6:
      case 7:
        return cancel();
      default:
        return chance(2) == 0 ? ask() : endpointActs();
    }
  }

  void check(std::size_t open_before) {
    ASSERT_EQ(gauge(upstreamConnectionsActiveKey(7)), static_cast<std::int64_t>(cluster->open()));
    ASSERT_EQ(gauge(upstreamConnectionsIdleKey(7)), static_cast<std::int64_t>(cluster->idle()));
    ASSERT_EQ(count.value(), cluster->open());
    ASSERT_LE(cluster->idle(), cluster->open());
    ASSERT_LE(cluster->open(), std::max<std::size_t>(open_before, *options.max_connections));
    const auto queued = static_cast<std::size_t>(gauge(upstreamQueueDepthKey(7)));
    ASSERT_LE(queued, world.waiting);
    ASSERT_LE(queued, options.max_pending);
    if (queued > 0) {
      ASSERT_EQ(cluster->idle(), 0U) << "somebody waits beside a connection that nobody uses";
      ASSERT_GE(cluster->open(), *options.max_connections) << "somebody waits beside a free place";
    }
    for (const auto& [member, attempts] : world.in_flight) {
      if (attempts > 0) {
        ASSERT_EQ(member->in_flight, attempts);
      }
    }
    std::size_t states[3] = {};
    for (const auto& asker : askers) ++states[static_cast<std::size_t>(asker->state())];
    ASSERT_EQ(states[0], world.waiting);
    std::size_t outstanding = 0;
    for (const auto& endpoint : endpoints) outstanding += endpoint->outstanding();
    std::size_t taken_back = 0;
    for (const Share& share : shares) taken_back += share.takenBack();
    ASSERT_EQ(states[1] + taken_back, outstanding)
        << "each request that got a connection is at an endpoint";
  }
  void forgetWhatIsOver() {
    std::erase_if(askers, [](const auto& each) { return each->state() == Asker::State::kOver; });
    std::erase_if(endpoints, [](const auto& each) { return each->gone(); });
    std::erase_if(world.in_flight, [](const auto& each) { return each.second == 0; });
  }
  // From now on nothing fails: every asker must complete.
  void letAllEnd() {
    connector.setOutcome(MemoryConnector::Outcome::kConnects);
    options.max_connection_age = Milliseconds(0);
    options.http2.max_streams = 100;
    cluster->configure(plan());
    for (int round = 0; round < 400 && !askers.empty(); ++round) {
      connector.finishHanging();
      for (const auto& endpoint : endpoints) {
        endpoint->limit(10);
        while (endpoint->outstanding() > 0) endpoint->answer(0);
        if (auto* http2 = dynamic_cast<RawHttp2Endpoint*>(endpoint.get())) http2->answerPings();
      }
      loop.advance(Milliseconds(10));
      forgetWhatIsOver();
    }
  }

  const std::vector<std::string> addresses = {"10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"};
  Random draw;
  World world;
  std::deque<std::unique_ptr<PeerEndpoint>> endpoints;
  std::array<Share, 3> shares{Share(1), Share(2), Share(20)};  // outlive the askers
  std::deque<std::unique_ptr<Asker>> askers;
};

TEST_P(ClusterModel, AgreesAfterEveryStep) {
  for (int i = 0; i < kSteps && !HasFatalFailure(); ++i) {
    SCOPED_TRACE("seed " + std::to_string(GetParam().seed) + ", step " + std::to_string(i));
    const std::size_t before = cluster->open();
    step();
    turn();
    check(before);
    forgetWhatIsOver();
  }
  letAllEnd();
  EXPECT_EQ(askers.size(), 0U) << "of the last exchanges some were lost";
  EXPECT_EQ(world.waiting, 0U);
}

std::string nameOf(const ::testing::TestParamInfo<Case>& info) {
  const bool http2 = info.param.protocol == http::VersionChoice::kHttp2;
  return (http2 ? "Http2Seed" : "Http1Seed") + std::to_string(info.param.seed);
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    all.push_back({seed, http::VersionChoice::kHttp1});
    all.push_back({seed, http::VersionChoice::kHttp2});
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Seeds, ClusterModel, ::testing::ValuesIn(cases()), nameOf);

}  // namespace
}  // namespace weir::upstream
