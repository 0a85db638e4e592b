#include "core/server/control_client.h"

#include <functional>
#include <memory>
#include <optional>
#include <sched.h>
#include <string>

#include "core/dns/resolver.h"
#include "core/http/fetch.h"
#include "core/server/server.h"
#include "core/server/worker.h"
#include "tests/core/server/fixture.h"
#include "tests/support/opened.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/test_certificates.h"

namespace weir::server {
namespace {

struct FirstBalancer final : upstream::Balancer {
  using Config = config::NoSettings;
  FirstBalancer(const Config&, const upstream::BalancerTools&) {}
  void setMembers(std::span<upstream::Member* const> members) override {
    first = members.empty() ? nullptr : members.front();
  }
  upstream::Member* pick(const upstream::Pick&) override { return first; }

  upstream::Member* first = nullptr;
};

// A server whose control thread calls its own listener.
class ControlClientTest : public PlanTest {
 protected:
  ControlClientTest() {
    registry.addBalancer<FirstBalancer>("first", "The first endpoint.");
    server.start([](MetricCells&) { return Recorders(); });
  }
  ~ControlClientTest() override {
    call.reset();
    server.stop();
    resolver = nullptr;
    for (int i = 0; i < 10; ++i) loop.runOnce();
  }

  // Runs turns of the control loop until the condition holds; false if it never does.
  bool until(const std::function<bool()>& holds) {
    const Nanoseconds end = monotonicNow() + std::chrono::seconds(60);
    while (!holds() && monotonicNow() < end) {
      loop.runOnce();
      ::sched_yield();
    }
    return holds();
  }
  void publish(const std::string& toml) {
    const auto plan = build(toml, server.plan());
    ASSERT_NE(plan, nullptr) << diagnostics;
    config::Diagnostics found;
    bool live = false;
    ASSERT_TRUE(server.publish(plan, found, [&] { live = true; })) << found.text();
    ASSERT_TRUE(until([&] { return live; }));
  }
  std::string upstream() {
    return "[upstream.self]\nbalancer = \"first\"\ndiscovery = { list = [\"" +
           server.listeners().at(0).address.text() + "\"] }\n";
  }
  http::Fetched fetch() {
    std::optional<http::Fetched> fetched;
    call = http::fetch(server.client(), names.intern("self"), {.authority = "shop.test"}, {},
                       [&](http::Fetched outcome) { fetched = std::move(outcome); });
    EXPECT_TRUE(until([&] { return fetched.has_value(); }));
    return std::move(*fetched);
  }

  event::Loop loop;
  std::unique_ptr<dns::Resolver> resolver =
      std::move(dns::Resolver::make(loop, {.servers = {"127.0.0.1:1"}}).value());
  MetricCells cells;
  Server server{{loop, *resolver, names, cells, counts}, test::opened(Server::openLoops(1))};
  std::unique_ptr<http::Call> call;
};

constexpr std::string_view kSaysHello =
    "[[listener]]\nname = \"public\"\naddress = \"127.0.0.1:0\"\n"
    "[[route]]\nname = \"all\"\nrespond = { body = \"hello\" }\n";

TEST_F(ControlClientTest, CallsTheUpstreamsOfTheLatestPlan) {
  publish(std::string(kSaysHello));
  EXPECT_EQ(fetch().reason, Reason::kNoHealthyUpstream);
  publish(std::string(kSaysHello) + upstream());
  EXPECT_EQ(fetch().reply.value().body, "hello");
  EXPECT_EQ(cells.gauge(upstream::upstreamConnectionsIdleKey(names.intern("self"))).value(), 1);
  publish(std::string(kSaysHello));
  EXPECT_EQ(fetch().reason, Reason::kNoHealthyUpstream);
  EXPECT_EQ(cells.gauge(upstream::upstreamConnectionsIdleKey(names.intern("self"))).value(), 0);
}

TEST_F(ControlClientTest, CallsOverTls) {
  const test::TemporaryDirectory directory;
  const test::TestAuthority authority;
  const tls::KeyPair pair = authority.issue({"shop.test"});
  const auto file = [&](const std::string& name, const std::string& text) {
    const std::string path = directory.path() + "/" + name;
    test::writeFile(path, text);
    return "\"" + path + "\"";
  };
  const std::string secured =
      std::string(kSaysHello)
          .insert(kSaysHello.find("[[route]]"),
                  "tls = { certificates = [{ cert = " + file("cert.pem", pair.certificate) +
                      ", key = " + file("key.pem", pair.key) + " }] }\n");
  publish(secured);
  publish(secured + upstream() + "tls = { server_name = \"shop.test\", ca = " +
          file("ca.pem", authority.root().certificate) + " }\n");
  EXPECT_EQ(fetch().reply.value().body, "hello");
}

}  // namespace
}  // namespace weir::server
