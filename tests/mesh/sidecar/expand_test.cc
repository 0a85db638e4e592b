#include "mesh/sidecar/expand.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config/document.h"
#include "core/config/settings.h"
#include "core/proxy/plan.h"
#include "core/server/plan_builder.h"
#include "core/upstream/original_endpoint.h"
#include "mesh/balance/balancers.h"
#include "mesh/discovery/discoveries.h"

namespace weir::mesh {
namespace {

using ::testing::HasSubstr;

// [sidecar] next to the ordinary settings.
struct Both {
  std::optional<SidecarSettings> sidecar;
  server::Settings settings;

  static void read(config::Table& table, Both& out) {
    server::Settings::read(table, out.settings);
    table.read("sidecar", out.sidecar, "A sidecar.");
  }
};

class ExpandTest : public ::testing::Test {
 protected:
  ExpandTest() {
    addDiscoveries(registry);
    addBalancers(registry);
  }

  std::shared_ptr<const proxy::Plan> expand(std::string_view toml) {
    config::Diagnostics found;
    Both both;
    auto document = config::Document::parse(toml, "test.toml", found);
    config::readSettings(document, registry.extensions(), both, found);
    if (found.empty()) expandSidecar(*both.sidecar, registry, both.settings, found);
    auto plan = found.empty() ? builder.build(both.settings, nullptr, found) : nullptr;
    diagnostics = found.text();
    return plan;
  }
  // The upstream of a request through the listener; "" for none.
  std::string upstreamFor(const proxy::Plan& plan, std::string_view listener,
                          std::string_view host) {
    BlockPool pool(4096);
    Arena arena(pool);
    http::Request request(arena);
    request.method_text = "GET";
    request.authority = host;
    request.path = "/";
    Captures captures;
    const auto* found = plan.routes.find(request, {names.intern(listener), {}}, captures);
    if (found == nullptr) return "";
    Random random(1);
    return std::string(names.name(*std::get<route::Forward>(found->action).pick(random)));
  }

  server::Registry registry;
  NameTable names;
  server::Counts counts;
  server::PlanBuilder builder{registry, names, counts};
  std::string diagnostics;
};

constexpr std::string_view kShop = R"(
role = "sidecar"
[sidecar]
service = "shop"
inbound = { address = "0.0.0.0:15006", application = "127.0.0.1:8080" }
outbound = { address = "127.0.0.1:15001" }

[upstream."orders.test"]
discovery = { static = ["10.0.0.1:80"] }

[upstream.payments]
discovery = { static = ["10.0.0.2:80"] }
)";

TEST_F(ExpandTest, InboundLeadsToTheApplication) {
  const auto plan = expand(kShop);
  ASSERT_NE(plan, nullptr) << diagnostics;
  EXPECT_EQ(upstreamFor(*plan, "inbound", "whatever.test"), "application");
  const auto& application = *plan->cluster(names.intern("application"));
  EXPECT_EQ(application->discovery->known()->endpoints.at(0).address.text(), "127.0.0.1:8080");
}

TEST_F(ExpandTest, OutboundLeadsToTheUpstreamThatHostNames) {
  const auto plan = expand(kShop);
  ASSERT_NE(plan, nullptr) << diagnostics;
  EXPECT_EQ(upstreamFor(*plan, "outbound", "orders.test"), "orders.test");
  EXPECT_EQ(upstreamFor(*plan, "outbound", "payments:8080"), "payments");
  EXPECT_EQ(upstreamFor(*plan, "outbound", "unknown.test"), "");
}

constexpr std::string_view kTransparent = R"(
role = "sidecar"
[sidecar]
service = "shop"
inbound = { address = "[::]:15006", transparent = true, ports = [8080], protocol = "http2" }
outbound = { address = "[::]:15001", transparent = true, egress = ["192.0.2.0/24"] }

[upstream.payments]
discovery = { static = ["10.0.0.2:80"] }
addresses = ["10.96.0.10:80"]
)";

net::Address addressOf(std::string_view text) { return net::Address::parse(text).value(); }

TEST_F(ExpandTest, ATransparentSidecarLeadsToTheOriginalDestination) {
  const auto plan = expand(kTransparent);
  ASSERT_NE(plan, nullptr) << diagnostics;
  EXPECT_EQ(diagnostics, "");
  const proxy::ListenerPlan& outbound = *plan->listeners.at(0);
  EXPECT_TRUE(outbound.transparent.enabled);
  EXPECT_EQ(outbound.transparent.original, proxy::OriginalUse::kEndpoint);
  EXPECT_EQ(names.name(outbound.upstream), "passthrough");
  EXPECT_EQ(upstreamFor(*plan, "outbound", "payments"), "payments");
  EXPECT_EQ(upstreamFor(*plan, "outbound", "elsewhere.test"), "passthrough");
  const auto& passthrough = *plan->cluster(names.intern("passthrough"));
  const auto* const to = passthrough->discovery->original();
  ASSERT_NE(to, nullptr);
  EXPECT_EQ(to->of(addressOf("192.0.2.7:443"))->text(), "192.0.2.7:443");
  EXPECT_FALSE(to->of(addressOf("192.0.3.7:443")));
  EXPECT_EQ(names.name(plan->virtual_addresses.ownerOf(addressOf("10.96.0.10:80"))), "payments");

  const proxy::ListenerPlan& inbound = *plan->listeners.at(1);
  EXPECT_EQ(inbound.transparent.original, proxy::OriginalUse::kRoutes);
  EXPECT_EQ(names.name(inbound.upstream), "application");
  const auto& application = *plan->cluster(names.intern("application"));
  EXPECT_EQ(application->discovery->original()->of(addressOf("10.0.0.9:8080"))->text(),
            "127.0.0.1:8080");
  EXPECT_FALSE(application->discovery->original()->of(addressOf("10.0.0.9:9901")));
  EXPECT_EQ(application->options.protocol, http::VersionChoice::kHttp2);
}

TEST_F(ExpandTest, WithoutEgressNothingPassesThrough) {
  const auto plan = expand(
      "role = \"sidecar\"\n[sidecar]\nservice = \"a\"\n"
      "outbound = { address = \"[::]:15001\", transparent = { original = \"balance\" } }\n");
  ASSERT_NE(plan, nullptr) << diagnostics;
  EXPECT_EQ(plan->listeners.at(0)->upstream, 0U);
  EXPECT_EQ(plan->listeners.at(0)->transparent.original, proxy::OriginalUse::kBalance);
  EXPECT_EQ(upstreamFor(*plan, "outbound", "elsewhere.test"), "");
}

TEST_F(ExpandTest, MistakesOfATransparentSidecar) {
  const auto mistake = [&](const std::string& inbound, const std::string& outbound) {
    EXPECT_EQ(expand("role = \"sidecar\"\n[sidecar]\nservice = \"a\"\ninbound = { address = "
                     "\":1\", " +
                     inbound + " }\noutbound = { address = \":2\", " + outbound + " }\n"),
              nullptr);
    return diagnostics;
  };
  const std::string good = "application = \"127.0.0.1:2\"";
  EXPECT_THAT(mistake("transparent = true", "transparent = true"), HasSubstr("needs ports"));
  EXPECT_THAT(mistake("ports = [80]", "transparent = true"), HasSubstr("needs application"));
  EXPECT_THAT(mistake(good + ", ports = [80]", "transparent = true"), HasSubstr("ports"));
  EXPECT_THAT(mistake(good, "egress = [\"10.0.0.0/8\"]"), HasSubstr("needs transparent = true"));
  EXPECT_THAT(mistake(good, "transparent = { original = \"routes\" }"),
              HasSubstr("endpoint or balance"));
}

TEST_F(ExpandTest, TwoUpstreamsCannotHaveTheSameVirtualAddress) {
  EXPECT_EQ(expand(std::string(kTransparent) + "[upstream.orders]\ndiscovery = { static = [] }\n"
                                               "addresses = [\"10.96.0.10:80\", \"orders\"]\n"),
            nullptr);
  EXPECT_THAT(diagnostics, HasSubstr("is not an IP address, with or without a port"));
  EXPECT_EQ(expand(std::string(kTransparent) + "[upstream.orders]\ndiscovery = { static = [] }\n"
                                               "addresses = [\"10.96.0.10:80\"]\n"),
            nullptr);
  EXPECT_THAT(diagnostics, HasSubstr("another upstream has the address 10.96.0.10:80"));
}

TEST_F(ExpandTest, TheListenersAreWhereTheyAreSaidToBe) {
  const auto plan = expand(kShop);
  ASSERT_EQ(plan->listeners.size(), 2U) << diagnostics;
  EXPECT_EQ(plan->listeners[0]->name, "outbound");
  EXPECT_EQ(plan->listeners[0]->address.text(), "127.0.0.1:15001");
  EXPECT_EQ(plan->listeners[1]->name, "inbound");
  EXPECT_EQ(plan->listeners[1]->address.text(), "0.0.0.0:15006");
}

TEST_F(ExpandTest, RoutesHaveNames) {
  const auto plan = expand(kShop);
  std::vector<std::string> found;
  for (const auto& route : plan->routes.routes()) found.emplace_back(route.name);
  EXPECT_THAT(found,
              ::testing::UnorderedElementsAre("outbound-orders.test", "outbound-payments", "shop"));
}

TEST_F(ExpandTest, UpgradesAreThoseOfAllItsRoutes) {
  const auto by_default = expand(kShop);
  ASSERT_NE(by_default, nullptr) << diagnostics;
  for (const auto& route : by_default->routes.routes()) {
    EXPECT_TRUE(route.upgrades.allows("websocket")) << route.name;
    EXPECT_FALSE(route.upgrades.allows("tcp")) << route.name;
  }
  std::string text(kShop);
  text.insert(text.find("service ="), "upgrades = [\"tcp\", \"spdy/3.1\"]\n");
  const auto plan = expand(text);
  ASSERT_NE(plan, nullptr) << diagnostics;
  ASSERT_EQ(plan->routes.routes().size(), 3U);
  for (const auto& route : plan->routes.routes()) {
    EXPECT_TRUE(route.upgrades.allows("TCP")) << route.name;
    EXPECT_TRUE(route.upgrades.allows("SPDY/3.1")) << route.name;
    EXPECT_FALSE(route.upgrades.allows("websocket")) << route.name;
  }
}

TEST_F(ExpandTest, HttpIsNoUpgrade) {
  for (const std::string each : {"h2c", "HTTP/2.0", "a b"}) {
    std::string text(kShop);
    text.insert(text.find("service ="), "upgrades = [\"websocket\", \"" + each + "\"]\n");
    EXPECT_EQ(expand(text), nullptr) << each;
    EXPECT_THAT(diagnostics, HasSubstr("sidecar.upgrades")) << each;
  }
}

TEST_F(ExpandTest, ASidecarMayHaveOneSideOnly) {
  const auto inbound = expand(
      "[sidecar]\nservice = \"a\"\n"
      "inbound = { address = \":1\", application = \"unix:/run/app.sock\" }\n");
  ASSERT_NE(inbound, nullptr) << diagnostics;
  EXPECT_EQ(inbound->listeners.size(), 1U);
  const auto outbound = expand("[sidecar]\nservice = \"a\"\noutbound = { address = \":1\" }\n");
  ASSERT_NE(outbound, nullptr) << diagnostics;
  EXPECT_EQ(outbound->listeners.size(), 1U);
  EXPECT_TRUE(outbound->clusters.empty());
}

TEST_F(ExpandTest, TheApplicationsNameIsReserved) {
  EXPECT_EQ(expand("[sidecar]\nservice = \"a\"\n"
                   "inbound = { address = \":1\", application = \"127.0.0.1:2\" }\n"
                   "[upstream.application]\ndiscovery = { static = [] }\n"),
            nullptr);
  EXPECT_THAT(diagnostics, HasSubstr("upstream \"application\" must not be defined"));
}

TEST_F(ExpandTest, AnUpstreamThatNoHostCanNameGetsNoRoute) {
  const auto plan = expand(
      "[sidecar]\nservice = \"a\"\noutbound = { address = \":1\" }\n"
      "[upstream.\"a b\"]\ndiscovery = { static = [\"10.0.0.1:80\"] }\n");
  ASSERT_NE(plan, nullptr) << diagnostics;
  EXPECT_TRUE(plan->routes.routes().empty());
}

TEST_F(ExpandTest, AnUpstreamThatIsToldOfClientsGetsNoRoute) {
  const auto plan = expand(std::string(kShop) + "proxy_protocol = \"v1\"\n");
  ASSERT_NE(plan, nullptr) << diagnostics;
  EXPECT_EQ(upstreamFor(*plan, "outbound", "orders.test"), "orders.test");
  EXPECT_EQ(upstreamFor(*plan, "outbound", "payments"), "");
}

TEST_F(ExpandTest, ConfiguredRoutesWinWhereTheyAreNarrower) {
  const auto plan = expand(std::string(kShop) + R"(
[[route]]
name = "special"
hosts = ["orders.test"]
match = { path = "/", listeners = ["outbound"] }
upstream = "payments"
)");
  ASSERT_NE(plan, nullptr) << diagnostics;
  EXPECT_EQ(upstreamFor(*plan, "outbound", "orders.test"), "payments");
}

TEST_F(ExpandTest, WhatIsRequiredIsMissed) {
  expand("[sidecar]\ninbound = {}\n");
  EXPECT_THAT(diagnostics, HasSubstr("service"));
  EXPECT_THAT(diagnostics, HasSubstr("application"));
}

}  // namespace
}  // namespace weir::mesh
