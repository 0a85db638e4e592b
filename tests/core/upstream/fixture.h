#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/arena.h"
#include "core/upstream/cluster.h"
#include "tests/support/memory_connector.h"
#include "tests/support/stream_peer.h"

namespace weir::upstream {

class Listing final : public Balancer {
 public:
  static std::unique_ptr<Balancer> make(const BalancerTools&) {
    return std::make_unique<Listing>();
  }
  static std::unique_ptr<Balancer> makeReversed(const BalancerTools&) {
    auto listing = std::make_unique<Listing>();
    listing->reversed_ = true;
    return listing;
  }

 private:
  void setMembers(std::span<Member* const> members) override {
    members_.assign(members.begin(), members.end());
    if (reversed_) std::reverse(members_.begin(), members_.end());
  }
  Member* pick(const Pick& pick) override {
    const std::size_t next = pick.tried.size();
    return next < members_.size() ? members_[next] : nullptr;
  }

  std::vector<Member*> members_;
  bool reversed_ = false;
};

// Acquires a connection and sends one request on it.
class TestClient final : public PoolWaiter, private http::ResponseEvents {
 public:
  explicit TestClient(BlockPool& pool) : arena_(pool), request_(arena_), response_(arena_) {
    request_.method_text = "GET";
    request_.authority = "x";
    request_.path = "/";
  }

  std::string told() const { return told_; }
  void send(std::string_view text) { requester_->sendBody(asBytes(text)); }
  void timeOut() {
    if (auto* requester = std::exchange(requester_, nullptr)) requester->timeOut();
  }
  void cancel() {
    if (auto* requester = std::exchange(requester_, nullptr)) requester->cancel();
  }

 private:
  void onAcquired(const PooledConnection& lease) override {
    told_ += lease.reused ? "reused " : "fresh ";
    requester_ = &lease.codec.open(*this);
    requester_->sendHead(request_);
  }
  void onAcquireFailed(Error error) override { told_ += std::string(toString(error.code)) + " "; }
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
  using Client = TestClient;

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
    plan->counts = &counts;
    plan->retry_tokens = &retry_tokens;
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
  Client& acquire(Member& member, bool fresh = false) {
    Client& waiter = client();
    cluster->acquire(member, waiter, {.fresh = fresh});
    turn();
    return waiter;
  }
  Member& first() { return *cluster->pick({}); }
  Member& second() {
    const Member* const tried[] = {&first()};
    return *cluster->pick({tried});
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
  std::deque<std::unique_ptr<test::StreamPeer>> peers;
  // Receives the endpoint's side of a connection.
  std::function<void(std::unique_ptr<test::MemoryStream>)> accept =
      [this](std::unique_ptr<test::MemoryStream> peer) {
        peers.push_back(std::make_unique<test::StreamPeer>(std::move(peer)));
      };
  test::MemoryConnector connector{loop, [this](std::unique_ptr<test::MemoryStream> peer,
                                               const net::Address&) { accept(std::move(peer)); }};
  Random random{1};
  MetricCells cells;
  event::SharedCount count;
  ClusterCounts counts;
  RetryTokens retry_tokens;
  ClusterOptions options;
  std::unique_ptr<Cluster> cluster;
  std::deque<std::unique_ptr<Client>> clients;
};

}  // namespace weir::upstream
