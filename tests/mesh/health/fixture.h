#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "mesh/health/health_checks.h"
#include "mesh/health/metrics.h"
#include "tests/core/upstream/http2_endpoint.h"
#include "tests/support/memory_connector.h"
#include "tests/support/stream_peer.h"

namespace weir::mesh::health {

// Endpoints that the test changes, known without a query.
class ListedSource final : public upstream::DiscoverySource {
 public:
  explicit ListedSource(upstream::SharedEndpoints endpoints) : endpoints_(std::move(endpoints)) {}
  std::string identity() const override { return "listed"; }
  std::unique_ptr<upstream::Discovery> make(const upstream::DiscoveryTools&) const override {
    return nullptr;
  }
  std::string_view hostName() const override { return "orders.test"; }
  upstream::SharedEndpoints known() const override { return endpoints_; }

 private:
  const upstream::SharedEndpoints endpoints_;
};

// The checks of an upstream "orders" whose endpoints the test plays, with manual time.
class HealthTest : public ::testing::Test, private upstream::HealthEvents {
 protected:
  static constexpr NameId kOrders = 7;
  using Outcome = test::MemoryConnector::Outcome;

  ~HealthTest() override {
    checks = nullptr;
    turn();
    http2_peers.clear();
    peers.clear();
    turn();
  }

  static net::Address at(std::string_view text) { return net::Address::parse(text).value(); }
  static upstream::SharedEndpoints endpointsAt(const std::vector<std::string>& addresses) {
    upstream::EndpointSet set;
    for (const auto& each : addresses) {
      upstream::Endpoint endpoint;
      endpoint.address = at(each);
      set.endpoints.push_back(std::move(endpoint));
    }
    return std::make_shared<const upstream::EndpointSet>(std::move(set));
  }
  upstream::SharedClusterPlan planWith(const std::vector<std::string>& addresses) const {
    auto plan = std::make_shared<upstream::ClusterPlan>();
    plan->id = kOrders;
    plan->name = "orders";
    plan->options = options;
    plan->discovery = std::make_shared<const ListedSource>(endpointsAt(addresses));
    return plan;
  }
  // Makes the plan with these endpoints the latest one.
  void follow(const std::vector<std::string>& addresses) {
    checks->follow(upstream::ClusterPlans({planWith(addresses)}));
    turns();
  }
  void turn() { loop.advance(Milliseconds(0)); }
  void turns() {
    for (int i = 0; i < 10; ++i) turn();
  }
  void pass(Milliseconds time) {
    loop.advance(time);
    turns();
  }
  // Long enough for the next check of every endpoint.
  void nextRound() { pass(Milliseconds(5'600)); }

  // "unhealthy" if the latest report says so, else "healthy" or "unknown".
  std::string reported(std::string_view address) const {
    if (latest != nullptr && latest->contains(at(address))) return "unhealthy";
    const auto* const known = checks->find(kOrders, at(address));
    return known != nullptr && known->health == upstream::Health::kHealthy ? "healthy" : "unknown";
  }
  const upstream::CheckedEndpoint& seen(std::string_view address) {
    return *checks->find(kOrders, at(address));
  }
  std::uint64_t count(CheckResult result) {
    return cells.counter(healthChecksKey(kOrders, result)).value();
  }

  event::Loop loop{event::Loop::Time::kManual};
  // The answers of the endpoints to what they receive, by address; the default is a 200.
  std::map<std::string, std::string> answers;
  std::deque<std::unique_ptr<test::StreamPeer>> peers;
  bool http2 = false;
  std::deque<std::unique_ptr<upstream::Http2Endpoint>> http2_peers;
  test::MemoryConnector connector{
      loop, [this](std::unique_ptr<test::MemoryStream> stream, const net::Address& to) {
        accept(std::move(stream), to.text());
      }};
  MetricCells cells;
  upstream::ClusterOptions options;
  upstream::SharedHealth latest;
  std::size_t latest_unhealthy = 0;
  int reports = 0;
  int settled = 0;
  std::unique_ptr<upstream::HealthChecks> checks =
      makeHealthChecks({loop, connector, cells, static_cast<upstream::HealthEvents&>(*this)});

 private:
  void accept(std::unique_ptr<test::MemoryStream> stream, const std::string& address) {
    if (http2) {
      http2_peers.push_back(
          std::make_unique<upstream::Http2Endpoint>(loop, std::move(stream), http2_options_));
      return;
    }
    peers.push_back(std::make_unique<test::StreamPeer>(std::move(stream)));
    peers.back()->script = [this, address](test::StreamPeer& peer) {
      if (peer.received().empty()) return;
      const auto found = answers.find(address);
      const std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
      if (!peer.closed()) peer.send(found == answers.end() ? ok : std::string_view(found->second));
      peer.script = nullptr;
    };
  }
  void onHealth(NameId, const upstream::SharedHealth& health, std::size_t unhealthy) override {
    latest = health;
    latest_unhealthy = unhealthy;
    ++reports;
  }
  void onHealthSettled() override { ++settled; }

  http::h2::Options http2_options_;
};

}  // namespace weir::mesh::health
