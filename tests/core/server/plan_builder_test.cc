#include "core/server/plan_builder.h"

#include <gmock/gmock.h>

#include "core/filter/registry.h"
#include "tests/core/server/fixture.h"

namespace weir::server {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kShop = R"(
[[listener]]
name = "public"
address = "0.0.0.0:8080"

[upstream.orders]
discovery = { list = ["10.0.0.1:80"] }

[[route]]
name = "all"
upstream = "orders"
)";

std::string with(std::string_view more) { return std::string(kShop) + std::string(more); }

TEST_F(PlanTest, SaysWhatIsConfigured) {
  const auto plan = build(kShop);
  ASSERT_NE(plan, nullptr) << diagnostics;
  EXPECT_EQ(plan->generation, 1U);
  EXPECT_EQ(plan->role, "gateway");
  ASSERT_EQ(plan->listeners.size(), 1U);
  EXPECT_EQ(plan->listeners[0]->name, "public");
  EXPECT_EQ(plan->listeners[0]->address.text(), "0.0.0.0:8080");
  ASSERT_EQ(plan->clusters.size(), 1U);
  EXPECT_EQ(plan->clusters[0]->name, "orders");
  EXPECT_EQ(plan->clusters[0]->discovery->identity(), "10.0.0.1:80 ");
  EXPECT_EQ(plan->routes.routes().size(), 1U);
  EXPECT_EQ(plan->chains.size(), 1U);
}

TEST_F(PlanTest, AGatewayIsStrict) {
  const auto plan = build(kShop);
  const proxy::ListenerPlan& listener = *plan->listeners[0];
  EXPECT_EQ(listener.header_timeout, Milliseconds(10'000));
  EXPECT_EQ(listener.idle_timeout, Milliseconds(75'000));
  EXPECT_EQ(listener.limits.head_bytes, 32U * 1024);
  EXPECT_EQ(listener.limits.headers, 100U);
  EXPECT_EQ(listener.forwarded, proxy::ForwardedMode::kAppend);
  EXPECT_EQ(listener.escaped_slashes, route::ReservedEscapes::kReject);
  EXPECT_TRUE(listener.merge_slashes);
  EXPECT_EQ(listener.underscores_in_headers, proxy::Underscores::kReject);
  EXPECT_EQ(listener.request_id, proxy::RequestIds::kReplace);
  EXPECT_FALSE(listener.allow_connect);
  EXPECT_FALSE(listener.allow_trace);
  EXPECT_EQ(listener.limits.target_bytes, 8U * 1024);
  EXPECT_EQ(plan->defaults.response_timeout, Milliseconds(30'000));
  EXPECT_FALSE(plan->defaults.retry.covers(route::RetryOn::kReset));
  EXPECT_TRUE(plan->defaults.retry.covers(route::RetryOn::kConnectFailure));
}

TEST_F(PlanTest, ASidecarStaysOutOfTheWay) {
  const auto plan = build("role = \"sidecar\"\n" + std::string(kShop));
  const proxy::ListenerPlan& listener = *plan->listeners[0];
  EXPECT_EQ(plan->role, "sidecar");
  EXPECT_EQ(listener.header_timeout, Milliseconds(0));
  EXPECT_EQ(listener.idle_timeout, Milliseconds(3'600'000));
  EXPECT_EQ(listener.limits.head_bytes, 60U * 1024);
  EXPECT_EQ(listener.limits.headers, 200U);
  EXPECT_EQ(listener.forwarded, proxy::ForwardedMode::kPreserve);
  EXPECT_EQ(listener.escaped_slashes, route::ReservedEscapes::kKeep);
  EXPECT_FALSE(listener.merge_slashes);
  EXPECT_EQ(listener.underscores_in_headers, proxy::Underscores::kAllow);
  EXPECT_EQ(listener.request_id, proxy::RequestIds::kKeep);
  EXPECT_TRUE(listener.allow_trace);
  EXPECT_EQ(plan->defaults.response_timeout, Milliseconds(0));
  EXPECT_TRUE(plan->defaults.retry.covers(route::RetryOn::kReset));
}

TEST_F(PlanTest, AListenerMaySayOtherwise) {
  const auto plan = build(R"(
[[listener]]
name = "inner"
address = "unix:/run/weir.sock"
header_timeout = "3s"
idle_timeout = "0s"
max_header_size = "4KiB"
max_headers = 7
max_target_size = "2KiB"
trace = true
max_connections = 9
trusted_proxies = ["10.0.0.0/8"]
forwarded = "preserve"
underscores_in_headers = "allow"
escaped_slashes = "keep"
request_id = "keep"
merge_slashes = true
allow_connect = true
reason_header = true
)");
  ASSERT_NE(plan, nullptr) << diagnostics;
  const proxy::ListenerPlan& listener = *plan->listeners[0];
  EXPECT_EQ(listener.address.text(), "unix:/run/weir.sock");
  EXPECT_EQ(listener.header_timeout, Milliseconds(3'000));
  EXPECT_EQ(listener.idle_timeout, Milliseconds(0));
  EXPECT_EQ(listener.limits.head_bytes, 4096U);
  EXPECT_EQ(listener.limits.target_bytes, 2048U);
  EXPECT_EQ(listener.limits.headers, 7U);
  EXPECT_EQ(listener.max_connections, 9U);
  EXPECT_EQ(listener.trusted_proxies.size(), 1U);
  EXPECT_EQ(listener.forwarded, proxy::ForwardedMode::kPreserve);
  EXPECT_EQ(listener.underscores_in_headers, proxy::Underscores::kAllow);
  EXPECT_EQ(listener.escaped_slashes, route::ReservedEscapes::kKeep);
  EXPECT_TRUE(listener.merge_slashes);
  EXPECT_EQ(listener.request_id, proxy::RequestIds::kKeep);
  EXPECT_TRUE(listener.allow_connect);
  EXPECT_TRUE(listener.allow_trace);
  EXPECT_TRUE(listener.reason_header);
}

TEST_F(PlanTest, APortAloneIsOfAllAddresses) {
  const auto plan = build("[[listener]]\nname = \"a\"\naddress = \":8080\"\n");
  ASSERT_NE(plan, nullptr) << diagnostics;
  EXPECT_EQ(plan->listeners[0]->address.text(), "0.0.0.0:8080");
}

TEST_F(PlanTest, AnUpstreamMaySayOtherwise) {
  const auto plan = build(R"(
[upstream.orders]
discovery = { list = [] }
balancer = "other"
connect_timeout = "1s"
idle_timeout = "2s"
max_connections = 3
max_pending = 4
max_header_size = "2KiB"
max_headers = 9
queue_timeout = "5s"
)");
  ASSERT_NE(plan, nullptr) << diagnostics;
  const upstream::ClusterPlan& cluster = *plan->clusters[0];
  EXPECT_EQ(cluster.options.balancer.kind(), "other");
  EXPECT_EQ(cluster.options.connect_timeout, Milliseconds(1'000));
  EXPECT_EQ(cluster.options.idle_timeout, Milliseconds(2'000));
  EXPECT_EQ(cluster.options.max_connections, 3U);
  EXPECT_EQ(cluster.options.max_pending, 4U);
  EXPECT_EQ(cluster.options.http2.limits.head_bytes, 2048U);
  EXPECT_EQ(cluster.options.http2.limits.headers, 9U);
  EXPECT_EQ(cluster.options.queue_timeout, Milliseconds(5'000));
  EXPECT_EQ(cluster.connections, &counts.cluster(cluster.id));
}

TEST_F(PlanTest, NodesOfWeirAreSentPings) {
  const auto interval = [this](const std::string& more) {
    const auto plan = build("[upstream.a]\ndiscovery = { list = [] }\n" + more);
    EXPECT_NE(plan, nullptr) << diagnostics;
    return plan->clusters[0]->options.http2.ping_interval;
  };
  const std::string identity = "identity = \"spiffe://a.test/x\"\n";
  EXPECT_EQ(interval(""), Milliseconds(0));
  EXPECT_EQ(interval(identity), Milliseconds(10'000));
  EXPECT_EQ(interval(identity + "http2.ping_interval = \"0s\"\n"), Milliseconds(0));
}

TEST_F(PlanTest, ASettingThatOnlyMovedIsTheSame) {
  const auto before = build(kShop);
  const auto after = build("\n\n" + std::string(kShop), before.get());
  EXPECT_EQ(after->clusters, before->clusters);
}

TEST_F(PlanTest, TheProcessMayHaveALimitOfItsOwn) {
  EXPECT_EQ(build("max_connections = 12\n")->max_connections, 12U);
  EXPECT_GT(build("")->max_connections, 0U);
}

TEST_F(PlanTest, NamesOfListenersAreUnique) {
  EXPECT_EQ(build(with("[[listener]]\nname = \"public\"\naddress = \":1\"\n")), nullptr);
  EXPECT_THAT(diagnostics, HasSubstr("the name \"public\" is taken"));
}

TEST_F(PlanTest, AddressesOfListenersAreUnique) {
  EXPECT_EQ(build(with("[[listener]]\nname = \"b\"\naddress = \"0.0.0.0:8080\"\n")), nullptr);
  EXPECT_THAT(diagnostics, HasSubstr("test.toml:"));
  EXPECT_THAT(diagnostics, HasSubstr("the address is already used by listener \"public\""));
  EXPECT_NE(build("[[listener]]\nname = \"a\"\naddress = \":0\"\n"
                  "[[listener]]\nname = \"b\"\naddress = \":0\"\n"),
            nullptr);
}

TEST_F(PlanTest, AListenerNeedsAnAddressAndNoName) {
  EXPECT_EQ(build("[[listener]]\nname = \"a\"\naddress = \"shop.test:80\"\n"), nullptr);
  EXPECT_THAT(diagnostics, HasSubstr("needs an IP address to listen on, not a name"));
}

TEST_F(PlanTest, ProxyProtocolNeedsPeersToBelieve) {
  EXPECT_EQ(build("[[listener]]\nname = \"a\"\naddress = \":0\"\nproxy_protocol = \"required\"\n"),
            nullptr);
  EXPECT_THAT(diagnostics, HasSubstr("needs proxy_protocol_from: the peers to trust"));
}

TEST_F(PlanTest, ABalancerMustExist) {
  EXPECT_EQ(build("[upstream.a]\nbalancer = \"best\"\ndiscovery = { list = [] }\n"), nullptr);
  EXPECT_THAT(diagnostics,
              HasSubstr("test.toml:2:12: upstream.a.balancer: expected one of \"peak_ewma\", "
                        "\"other\", found \"best\""));
}

TEST_F(PlanTest, ABalancerMayHaveSettings) {
  const auto choices = [this](const std::string& value) {
    const auto plan = build("[upstream.a]\nbalancer = " + value + "\ndiscovery = { list = [] }\n");
    EXPECT_NE(plan, nullptr) << diagnostics;
    event::Loop loop(event::Loop::Time::kManual);
    const std::uint32_t in_flight = 0;
    const auto balancer = plan->clusters[0]->balancer({random, loop, in_flight});
    return dynamic_cast<const OtherBalancer&>(*balancer).settings.choices;
  };
  EXPECT_EQ(choices("\"other\""), 2U);
  EXPECT_EQ(choices("{ other = {} }"), 2U);
  EXPECT_EQ(choices("{ other = { choices = 7 } }"), 7U);
}

TEST_F(PlanTest, TheSettingsOfABalancerAreChecked) {
  EXPECT_EQ(build("[upstream.a]\nbalancer = { other = { choices = 0 } }\n"
                  "discovery = { list = [] }\n"),
            nullptr);
  EXPECT_THAT(diagnostics, HasSubstr("test.toml:2"));
  EXPECT_THAT(diagnostics, HasSubstr("upstream.a.balancer.other.choices: 0 is below the minimum"));
}

TEST_F(PlanTest, AllMistakesAreTold) {
  EXPECT_EQ(build("[[listener]]\nname = \"a\"\naddress = \"shop.test:80\"\n"
                  "[[route]]\nname = \"r\"\nupstream = \"nothing\"\n"),
            nullptr);
  EXPECT_THAT(diagnostics, HasSubstr("not a name"));
  EXPECT_THAT(diagnostics, HasSubstr("nothing"));
}

TEST_F(PlanTest, AFailedPlanTakesNoGeneration) {
  EXPECT_EQ(build("[[route]]\nname = \"r\"\nupstream = \"nothing\"\n"), nullptr);
  EXPECT_EQ(build(kShop)->generation, 1U);
  EXPECT_EQ(build(kShop)->generation, 2U);
}

TEST_F(PlanTest, WhatStaysTheSameIsShared) {
  const auto before = build(kShop);
  const auto after = build(with("[upstream.new]\ndiscovery = { list = [] }\n"), before.get());
  ASSERT_NE(after, nullptr) << diagnostics;
  EXPECT_EQ(*after->cluster(names.intern("orders")), before->clusters[0]);
  EXPECT_EQ(after->clusters.size(), 2U);
}

TEST_F(PlanTest, WhatChangesIsNot) {
  const auto before = build(kShop);
  const auto moved =
      build("[upstream.orders]\ndiscovery = { list = [\"10.0.0.2:80\"] }\n", before.get());
  EXPECT_NE(moved->clusters[0], before->clusters[0]);
  const auto slower = build(
      "[upstream.orders]\ndiscovery = { list = [\"10.0.0.2:80\"] }\n"
      "idle_timeout = \"1s\"\n",
      moved.get());
  EXPECT_NE(slower->clusters[0], moved->clusters[0]);
  const auto balanced = build(
      "[upstream.orders]\ndiscovery = { list = [\"10.0.0.2:80\"] }\n"
      "idle_timeout = \"1s\"\nbalancer = \"other\"\n",
      slower.get());
  EXPECT_NE(balanced->clusters[0], slower->clusters[0]);
}

TEST_F(PlanTest, ClustersAreFoundById) {
  const auto plan = build(
      "[upstream.b]\ndiscovery = { list = [] }\n"
      "[upstream.a]\ndiscovery = { list = [] }\n"
      "[upstream.c]\ndiscovery = { list = [] }\n");
  for (const char* name : {"a", "b", "c"}) {
    EXPECT_EQ((*plan->cluster(names.intern(name)))->name, name);
  }
  EXPECT_EQ(plan->cluster(names.intern("d")), nullptr);
}

TEST_F(PlanTest, ADiscoveryThatNobodyMakesIsNull) {
  EXPECT_EQ(registry.discovery(config::Selected("nothing", nullptr, {})), nullptr);
  EXPECT_EQ(registry.balancer(config::Selected("nothing", nullptr, {})), nullptr);
}

TEST(Counts, EachListenerAndClusterHasItsOwn) {
  Counts counts;
  counts.listener(1).tryAdd(0);
  counts.cluster(1).tryAdd(0);
  counts.cluster(1).tryAdd(0);
  EXPECT_EQ(counts.listener(1).value(), 1U);
  EXPECT_EQ(counts.listener(2).value(), 0U);
  EXPECT_EQ(counts.cluster(1).value(), 2U);
  EXPECT_EQ(counts.process().value(), 0U);
}

}  // namespace
}  // namespace weir::server
