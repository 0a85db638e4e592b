#include "core/server/upstream_needs.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/core/server/fixture.h"

namespace weir::server {
namespace {

using ::testing::HasSubstr;

// `discovery = { ask = ["a", "https://id.example/x"] }`: a source that queries other upstreams.
class AskingSource final : public upstream::DiscoverySource {
 public:
  explicit AskingSource(std::vector<http::Target> targets) : targets_(std::move(targets)) {}
  std::string identity() const override {
    std::string text = "ask";
    for (const http::Target& each : targets_) text += " " + each.upstreamName();
    return text;
  }
  std::unique_ptr<upstream::Discovery> make(const upstream::DiscoveryTools&) const override {
    return nullptr;
  }
  std::vector<http::Target> needs() const override { return targets_; }

 private:
  const std::vector<http::Target> targets_;
};

// `discovery = { dns = "id.example:443" }`
class NameSource final : public upstream::DiscoverySource {
 public:
  explicit NameSource(std::string name) : name_(std::move(name)) {}
  std::string identity() const override { return name_; }
  std::unique_ptr<upstream::Discovery> make(const upstream::DiscoveryTools&) const override {
    return nullptr;
  }
  std::string_view hostName() const override {
    return std::string_view(name_).substr(0, name_.find(':'));
  }

 private:
  const std::string name_;
};

struct AskSettings {
  static constexpr std::string_view kShortKey = "targets";
  std::vector<http::Target> targets;
  static void read(config::Table& table, AskSettings& out) {
    table.read("targets", out.targets, "Targets.");
  }
  friend bool operator==(const AskSettings&, const AskSettings&) = default;
};

class UpstreamNeedsTest : public PlanTest {
 protected:
  UpstreamNeedsTest() {
    registry.addDiscovery<AskSettings>("ask", "Upstreams to query.", &makeAsking);
    registry.addDiscovery<std::string>("dns", "A name.", &makeName);
  }
  static std::shared_ptr<const upstream::DiscoverySource> makeAsking(const AskSettings& settings) {
    return std::make_shared<const AskingSource>(settings.targets);
  }
  static std::shared_ptr<const upstream::DiscoverySource> makeName(const std::string& name) {
    return std::make_shared<const NameSource>(name);
  }
  static std::string asking(std::string_view name, std::string_view target) {
    return "[upstream." + std::string(name) + "]\ndiscovery = { ask = [{ upstream = \"" +
           std::string(target) + "\" }] }\n";
  }
  static constexpr std::string_view kList =
      "[upstream.list]\ndiscovery = { list = [\"10.0.0.1:80\"] }\n";
};

TEST_F(UpstreamNeedsTest, AChainIsAllowed) {
  EXPECT_NE(build(asking("a", "b") + asking("b", "list") + std::string(kList)), nullptr)
      << diagnostics;
  EXPECT_THAT(diagnostics, HasSubstr("upstream.a: is not used"));
  EXPECT_THAT(diagnostics, ::testing::Not(HasSubstr("upstream.list: is not used")));
}

TEST_F(UpstreamNeedsTest, ACycleIsRefusedWithItsPosition) {
  EXPECT_EQ(build(asking("a", "b") + asking("b", "c") + asking("c", "b") + std::string(kList)),
            nullptr);
  EXPECT_THAT(diagnostics, HasSubstr("test.toml:2:"));
  EXPECT_THAT(diagnostics, HasSubstr("upstream.a.discovery: depends on itself: b -> c -> b"));
}

TEST_F(UpstreamNeedsTest, AnUpstreamMayNotAskItself) {
  EXPECT_EQ(build(asking("a", "a")), nullptr);
  EXPECT_THAT(diagnostics, HasSubstr("depends on itself: a -> a"));
}

TEST_F(UpstreamNeedsTest, AnUpstreamThatDoesNotExistIsRefused) {
  EXPECT_EQ(build(asking("a", "lists") + std::string(kList)), nullptr);
  EXPECT_THAT(diagnostics, HasSubstr("upstream.a.discovery: there is no upstream \"lists\""));
  EXPECT_THAT(diagnostics, HasSubstr("\"list\"?"));
}

TEST_F(UpstreamNeedsTest, AUrlMakesAnUpstream) {
  const auto plan = build(
      "[upstream.a]\ndiscovery = { ask = [\"https://id.example/x\", \"https://ID.example/y\"] }\n"
      "[upstream.b]\ndiscovery = { ask = [\"http://id.example:8500/\"] }\n");
  ASSERT_NE(plan, nullptr) << diagnostics;
  EXPECT_EQ(plan->clusters.size(), 4U);
  const auto* secure = plan->cluster(names.intern("https://id.example"));
  ASSERT_NE(secure, nullptr);
  EXPECT_EQ((*secure)->discovery->identity(), "id.example:443");
  EXPECT_NE((*secure)->tls, nullptr);
  const auto* plain = plan->cluster(names.intern("http://id.example:8500"));
  ASSERT_NE(plain, nullptr);
  EXPECT_EQ((*plain)->discovery->identity(), "id.example:8500");
  EXPECT_EQ((*plain)->tls, nullptr);
}

TEST_F(UpstreamNeedsTest, AReloadKeepsTheUpstreamOfAUrl) {
  const std::string toml = "[upstream.b]\ndiscovery = { ask = [\"http://id.example:8500/\"] }\n";
  const auto first = build(toml);
  const auto second = build(toml, first.get());
  ASSERT_NE(second, nullptr) << diagnostics;
  EXPECT_EQ(*second->cluster(names.intern("http://id.example:8500")),
            *first->cluster(names.intern("http://id.example:8500")));
}

TEST_F(UpstreamNeedsTest, TheConfigurationMayHaveTheUpstreamOfAUrl) {
  const auto plan = build(
      "[upstream.a]\ndiscovery = { ask = [\"https://id.example/x\"] }\n"
      "[upstream.\"https://id.example\"]\ndiscovery = { list = [\"10.0.0.9:443\"] }\n");
  ASSERT_NE(plan, nullptr) << diagnostics;
  EXPECT_EQ(plan->clusters.size(), 2U);
  EXPECT_EQ((*plan->cluster(names.intern("https://id.example")))->discovery->identity(),
            "10.0.0.9:443 ");
}

TEST(OwnCalls, NeedHttp2IfTheyUseGrpc) {
  auto made = std::make_shared<upstream::ClusterPlan>();
  made->name = "etcd";
  OwnCall call;
  call.target.upstream = "etcd";
  call.origin.path = "register[0]";
  const auto mistakes = [&] {
    config::Diagnostics found;
    checkOwnCalls({call}, upstream::ClusterPlans({made}), found);
    return found.text();
  };
  EXPECT_EQ(mistakes(), "");
  call.needs_http2 = true;
  EXPECT_THAT(mistakes(), HasSubstr("register[0]: uses gRPC, but upstream \"etcd\" speaks HTTP/1"));
  made->options.protocol = http::VersionChoice::kHttp2;
  EXPECT_EQ(mistakes(), "");
}

}  // namespace
}  // namespace weir::server
