#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/names.h"
#include "core/config/variant.h"
#include "core/filter/chain_builder.h"
#include "core/filter/kept.h"
#include "core/filter/registry.h"
#include "core/proxy/engine.h"
#include "core/proxy/exchange.h"
#include "core/proxy/listener.h"
#include "core/route/settings.h"
#include "core/upstream/original_endpoint.h"
#include "core/upstream/virtual_addresses.h"
#include "tests/support/memory_connector.h"
#include "tests/support/stream_peer.h"

namespace weir::proxy {

using upstream::ConnectFailure;
using upstream::retriesSuppressedKey;
using upstream::upstreamConnectionFailuresKey;
using upstream::upstreamConnectionsActiveKey;
using upstream::upstreamConnectionsIdleKey;
using upstream::upstreamQueueDepthKey;
using upstream::upstreamRequestsKey;
using upstream::upstreamReusedConnectionsKey;

inline constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n";

// The facts for an access log, with copies of the texts.
struct Logged {
  int status = 0;
  Reason reason = Reason::kNone;
  unsigned attempts = 0;
  std::string client;
  std::string route;
  std::string upstream;
  std::string endpoint;
  std::string destination;
  std::string path;
  std::string detail;
  std::string shadow;
  std::uint64_t request_bytes = 0;
  std::uint64_t response_bytes = 0;
};

class RecordingLog final : public http::AccessLog {
 public:
  std::vector<Logged> lines;
  int flushes = 0;

 private:
  void log(const http::ExchangeRecord& record) override;
  void flush() override { ++flushes; }
};

// A complete local reply with this status and reason.
::testing::Matcher<const std::string&> isLocalReply(int status, std::string_view reason);

// A connection that arrived at an upstream.
struct Arrival {
  net::Address to;
  std::unique_ptr<test::StreamPeer> peer;
};

// An engine with one listener between clients and upstreams in memory. Only pass() moves the time.
//
// The clusters are "orders" (10.0.0.1:80 and 10.0.0.2:80, used in this order), "shadow"
// (10.0.9.1:80), "empty" (without endpoints) and "unknown" (discovery has not answered). Change
// other settings before start().
class ProxyTest : public ::testing::Test {
 protected:
  using Script = std::function<void(test::StreamPeer&)>;

  ProxyTest();
  ~ProxyTest() override;

  // `routes`: [[route]] tables. A second call is a reload.
  void start(std::string_view routes);
  void startForwarding() { start("[[route]]\nname = \"all\"\nupstream = \"orders\"\n"); }

  void turn() { loop.advance(Milliseconds(0)); }
  void pass(Milliseconds time);  // in steps, with the events of each

  test::StreamPeer& connect(std::string_view client = "203.0.113.7:5000");
  // A connection that the system redirected; of a transparent listener.
  test::StreamPeer& connectTo(std::string_view destination);
  // On a new connection.
  std::string ask(std::string_view request);
  std::string get(std::string_view path = "/");

  // The upstreams' response, once the head of a request has arrived.
  static Script answering(std::string text);
  static std::string reply(std::string_view body, std::string_view fields = {});
  test::StreamPeer& arrival(std::size_t index) { return *arrivals.at(index).peer; }
  std::string seenBy(std::size_t index) { return arrival(index).received(); }

  NameId id(std::string_view name) { return names.intern(name); }
  std::uint64_t count(CounterKey key) { return cells.counter(key).value(); }
  std::int64_t gauge(GaugeKey key) { return cells.gauge(key).value(); }
  // The number of these local replies of the listener, on route "all" or the named one.
  std::uint64_t localReplies(int status, Reason reason, std::string_view route = "all");
  const Logged& logged() const { return log.lines.at(log.lines.size() - 1); }

  event::Loop loop{event::Loop::Time::kManual};
  MetricCells cells;
  NameTable names;
  config::Extensions extensions;
  filter::Registry filters{extensions};
  filter::Kept kept_filters{filters};
  RecordingLog log;
  Script on_upstream = answering(reply("hello"));
  std::deque<Arrival> arrivals;
  test::MemoryConnector connector;
  net::Connector* connector_used = &connector;

  std::map<std::string, std::optional<std::vector<std::string>>> clusters = {
      {"orders", {{"10.0.0.1:80", "10.0.0.2:80"}}},
      {"shadow", {{"10.0.9.1:80"}}},
      {"empty", std::vector<std::string>()},
      {"unknown", {}},
  };
  std::map<std::string, upstream::OriginalEndpoint> originals;  // of some clusters
  std::map<std::string, std::string> virtual_addresses;         // to their clusters
  upstream::ClusterOptions options;
  ListenerPlan listener_plan;
  // Further parts of it, as TOML: filters (before routing), filters_without_route, request_headers,
  // response_headers.
  std::string listener_parts;
  Defaults defaults;
  event::SharedCount listener_count;
  event::SharedCount process_count;
  event::SharedCount upstream_count;
  upstream::ClusterCounts counts;
  upstream::RetryTokens retry_tokens;

  std::unique_ptr<Engine> engine;
  std::unique_ptr<Listener> listener;
  std::deque<std::unique_ptr<test::StreamPeer>> clients;

 private:
  test::StreamPeer& connectAs(ConnectionFacts visitor);
  std::shared_ptr<const upstream::ClusterPlan> clusterPlan(const std::string& name);
  void addListenerParts(filter::ChainBuilder& chains, config::Diagnostics& diagnostics);
  void startShared(const filter::LastingFilters& makers);

  std::vector<std::shared_ptr<const Plan>> plans_;
  filter::Commons commons_;
  std::map<filter::MakerId, std::unique_ptr<filter::SharedPart>> shared_parts_;
};

}  // namespace weir::proxy
