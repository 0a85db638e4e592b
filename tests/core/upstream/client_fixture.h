#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/tls/tls_stream.h"
#include "core/upstream/client.h"
#include "tests/core/upstream/fixture.h"
#include "tests/core/upstream/http2_endpoint.h"
#include "tests/support/test_certificates.h"

namespace weir::upstream {

// A source of endpoints with a host name; discovers nothing.
class NamedSource final : public DiscoverySource {
 public:
  explicit NamedSource(std::string host) : host_(std::move(host)) {}
  std::string identity() const override { return host_; }
  std::unique_ptr<Discovery> make(const DiscoveryTools&) const override { return nullptr; }
  std::string_view hostName() const override { return host_; }

 private:
  const std::string host_;
};

// Records the events of a call.
class HeardCall final : public http::CallEvents {
 public:
  std::string told;  // "head:200 body end", "failed:upstream_timeout" and so on
  std::string body;
  std::unique_ptr<http::Call> call;
  std::string cancels_at;  // the event at which the call is destroyed
  Error error;

 private:
  void tell(const std::string& what) {
    if (what == "body" && told.ends_with("body")) return;
    told += (told.empty() ? "" : " ") + what;
    if (what == cancels_at) call.reset();
  }
  void onHead(const http::Response& response) override {
    tell("head:" + std::to_string(response.status));
  }
  void onBody(Bytes bytes) override {
    body += asText(bytes);
    tell("body");
  }
  void onEnd(const http::Headers& trailers) override {
    for (const http::Header& each : trailers) {
      told += " " + std::string(each.name) + "=" + std::string(each.value);
    }
    tell("end");
  }
  void onFailed(Reason reason, Error failure) override {
    error = failure;
    tell("failed:" + std::string(toString(reason)));
  }
  void onDrained() override { tell("drained"); }
};

// A client over one cluster, "orders", whose endpoints the test plays.
class ClientTest : public ClusterTest {
 protected:
  static constexpr NameId kOrders = 7;

  ~ClientTest() override {
    calls.clear();
    turn();
    EXPECT_EQ(client.calls(), 0U);
    endpoints.clear();
  }

  std::shared_ptr<const ClusterPlan> named(std::string host = "orders.test") {
    auto made = std::make_shared<ClusterPlan>(*plan());
    made->discovery = std::make_shared<const NamedSource>(std::move(host));
    made->tls = tls;
    return made;
  }
  void startNamed(const std::vector<std::string>& addresses = {"10.0.0.1:80", "10.0.0.2:80"}) {
    cluster = std::make_unique<Cluster>(Cluster::Tools{loop, connector, random, cells}, named());
    if (!addresses.empty()) cluster->setEndpoints(at(addresses));
  }
  // From now on endpoints speak HTTP/2.
  void acceptHttp2() {
    options.protocol = http::VersionChoice::kHttp2;
    accept = [this](std::unique_ptr<test::MemoryStream> peer) {
      endpoints.push_back(std::make_unique<Http2Endpoint>(loop, std::move(peer), of_endpoints));
    };
  }
  HeardCall& call(const http::CallRequest& request = {}, NameId upstream = kOrders) {
    calls.push_back(std::make_unique<HeardCall>());
    HeardCall& made = *calls.back();
    made.call = client.call(upstream, request, how, made);
    EXPECT_EQ(made.told, "");
    turn();
    return made;
  }
  void reply(std::size_t index, std::string_view bytes) {
    peers.at(index)->send(bytes);
    turn();
  }
  std::string received(std::size_t index) { return peers.at(index)->takeReceived(); }
  void pass(Milliseconds time) { loop.advance(time); }
  std::uint64_t counter(CounterKey key) { return cells.counter(key).value(); }

  std::shared_ptr<const tls::ClientConfig> tls;
  http::CallOptions how{.purpose = "test"};
  http::h2::Options of_endpoints;
  std::deque<std::unique_ptr<Http2Endpoint>> endpoints;
  weir::upstream::Client client{
      {loop, [this](NameId name) { return name == kOrders ? cluster.get() : nullptr; }}};
  std::deque<std::unique_ptr<HeardCall>> calls;
};

}  // namespace weir::upstream
