#include "observability/admin/explain.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/names.h"
#include "core/filter/chain.h"
#include "core/proxy/plan.h"
#include "core/route/route_table_builder.h"

namespace weir::admin {
namespace {

// A plan with two listeners, an upstream and three routes.
class Explain : public ::testing::Test {
 protected:
  Explain() {
    addListener("public", {});
    addListener("lenient",
                {.reserved_escapes = route::ReservedEscapes::kKeep, .merge_slashes = true});
    addCluster("orders");
    addCluster("orders-v2");
    route::RouteTableBuilder builder;
    route::Predicates only_post;
    only_post.methods = 1U << static_cast<unsigned>(http::Method::kPost);
    add(builder, "create", "/orders", std::move(only_post),
        forwardTo({{"orders", 95}, {"orders-v2", 5}}));
    route::Predicates internal;
    internal.sources.push_back(*IpRange::parse("10.0.0.0/8"));
    internal.headers.push_back({"x-tier", {route::TextMatch::Kind::kExact, "gold"}});
    add(builder, "internal", "/orders", std::move(internal), forwardTo({{"orders", 1}}));
    auto respond = std::make_unique<route::Respond>();
    respond->status = 404;
    route::Predicates on_public;
    on_public.listeners.push_back(names_.intern("public"));
    add(builder, "rest", "/", std::move(on_public),
        std::unique_ptr<const route::Respond>(std::move(respond)));
    plan_.routes = std::move(builder).build();
  }

  void addListener(std::string_view name, const route::PathRules& rules) {
    auto listener = std::make_shared<proxy::ListenerPlan>();
    listener->id = names_.intern(name);
    listener->name = names_.name(listener->id);
    listener->escaped_slashes = rules.reserved_escapes;
    listener->merge_slashes = rules.merge_slashes;
    plan_.listeners.push_back(std::move(listener));
  }
  void addCluster(std::string_view name) {
    auto cluster = std::make_shared<upstream::ClusterPlan>();
    cluster->id = names_.intern(name);
    cluster->name = names_.name(cluster->id);
    clusters_.push_back(std::move(cluster));
    plan_.clusters = upstream::ClusterPlans(clusters_);
  }
  route::Forward forwardTo(const std::vector<std::pair<std::string, std::uint64_t>>& shares) {
    std::vector<route::Target> targets;
    std::uint64_t end = 0;
    for (const auto& [name, weight] : shares) {
      targets.push_back({names_.intern(name), end += weight});
    }
    return route::Forward(std::move(targets));
  }
  void add(route::RouteTableBuilder& builder, std::string_view name, std::string_view prefix,
           route::Predicates predicates, route::Action action) {
    route::Match match;
    match.hosts.push_back(*route::HostPattern::parse("*"));
    std::string why;
    match.path = *route::PathPattern::prefix(std::string(prefix), why);
    match.predicates = std::move(predicates);
    route::Route made;
    made.id = names_.intern(name);
    made.name = names_.name(made.id);
    made.action = std::move(action);
    builder.add(std::move(made), std::move(match));
  }
  std::string summary(const ExplainQuery& query) {
    const Explanation explanation = explainRequest(query, plan_);
    std::string text = explanation.mistake + explanation.refusal;
    for (const ExplainedRoute& one : explanation.routes) {
      text += one.name + " " + one.outcome + " [" + one.action + "] " + one.why + "\n";
    }
    return text;
  }

  NameTable names_;
  std::vector<upstream::SharedClusterPlan> clusters_;
  proxy::Plan plan_;
};

TEST_F(Explain, TellsWhatBecomesOfEachRoute) {
  EXPECT_EQ(summary({.host = "example.com", .path = "/orders/7"}),
            "create method [split orders 95, orders-v2 5] is for other methods than GET\n"
            "internal source [forward to orders] is for other source addresses\n"
            "rest taken [respond with 404] matches\n");
}

TEST_F(Explain, LooksAtMethods) {
  EXPECT_EQ(summary({.method = "POST", .path = "/orders?x=1"}),
            "create taken [split orders 95, orders-v2 5] matches\n"
            "internal source [forward to orders] is for other source addresses\n"
            "rest less_specific [respond with 404] matches, but a route above comes first\n");
}

TEST_F(Explain, LooksAtTheSource) {
  EXPECT_EQ(summary({.path = "/orders", .source = "10.1.2.3"}),
            "create method [split orders 95, orders-v2 5] is for other methods than GET\n"
            "internal header [forward to orders] requires the header x-tier is \"gold\"\n"
            "rest taken [respond with 404] matches\n");
}

TEST_F(Explain, LooksAtHeaders) {
  EXPECT_EQ(
      summary({.path = "/orders", .headers = {{"X-Tier", "gold"}}, .source = "::ffff:10.1.2.3"}),
      "create method [split orders 95, orders-v2 5] is for other methods than GET\n"
      "internal taken [forward to orders] matches\n"
      "rest less_specific [respond with 404] matches, but a route above comes first\n");
}

TEST_F(Explain, TellsOfRoutesForOtherListeners) {
  EXPECT_EQ(summary({.path = "/other", .listener = "lenient"}),
            "rest listener [respond with 404] is for other listeners\n"
            "create path [split orders 95, orders-v2 5] is for other paths\n"
            "internal path [forward to orders] is for other paths\n");
}

TEST_F(Explain, TellsTheListenerAndTheNormalPath) {
  const Explanation explanation = explainRequest({.path = "/a/../orders/%7Ex"}, plan_);
  EXPECT_EQ(explanation.listener, "public");
  EXPECT_EQ(explanation.path, "/orders/~x");
}

TEST_F(Explain, FollowsTheRulesOfTheListener) {
  EXPECT_NE(explainRequest({.path = "/a%2Fb"}, plan_).refusal, "");
  const Explanation kept = explainRequest({.path = "//a%2Fb", .listener = "lenient"}, plan_);
  EXPECT_EQ(kept.refusal, "");
  EXPECT_EQ(kept.path, "/a%2Fb");
  EXPECT_EQ(kept.listener, "lenient");
}

TEST_F(Explain, TellsWhatIsRefusedBeforeRouting) {
  EXPECT_EQ(summary({.method = "CONNECT", .host = "a:443"}), "CONNECT is not enabled");
  EXPECT_EQ(summary({.headers = {{"x_tier", "gold"}}}), "underscore in a header name");
  EXPECT_NE(explainRequest({.path = "/../.."}, plan_).refusal, "");
}

// A filter that has this finding for every request.
class FixedMaker final : public filter::Maker {
 public:
  explicit FixedMaker(filter::Finding finding) : Maker(1), finding_(std::move(finding)) {}
  filter::Filter* make(Arena&, filter::Control&) const override { return nullptr; }
  void destroy(filter::Filter*) const override {}
  filter::Finding explain(const http::Request&, const http::ExchangeView& view) const override {
    filter::Finding finding = finding_;
    finding.why += std::string(view.record.route) + " " + std::string(view.principal.subject);
    return finding;
  }

 private:
  const filter::Finding finding_;
};

filter::Link linkOf(std::string_view name, filter::Finding finding, bool of_listener = false) {
  return {1, name, std::make_shared<FixedMaker>(std::move(finding)), nullptr, of_listener};
}

constexpr auto kProceeds = filter::Finding::Outcome::kProceeds;
constexpr auto kReplies = filter::Finding::Outcome::kReplies;

TEST_F(Explain, AsksTheFiltersOfTheRouteInOrder) {
  plan_.chains.resize(plan_.routes.routes().size());
  for (auto& chain : plan_.chains) {
    chain = std::make_shared<filter::Chain>(filter::Chain{
        linkOf("first", {.outcome = kProceeds}, true), linkOf("second", {}),
        linkOf("third", {.outcome = kReplies, .status = 403, .reason = Reason::kAuthzDenied}),
        linkOf("fourth", {})});
  }
  const Explanation explanation = explainRequest({.path = "/other", .caller = "alice"}, plan_);
  std::string text;
  for (const ExplainedFilter& each : explanation.filters) {
    text += each.name + " " + each.scope + " " + each.outcome + " " + each.why + "\n";
  }
  EXPECT_EQ(text,
            "first listener proceeds rest alice\n"
            "second route depends rest alice\n"
            "third route replies rest alice\n"
            "fourth route not_reached \n");
  EXPECT_EQ(explanation.outcome.kind, "refused");
  EXPECT_EQ(explanation.outcome.status, 403);
  EXPECT_EQ(explanation.outcome.reason, "authz_denied");
  EXPECT_EQ(explanation.outcome.filter, "third");
  EXPECT_FALSE(explanation.serves());
}

TEST_F(Explain, NamesTheUpstreamsAndTheOutcome) {
  const Explanation split = explainRequest({.method = "POST", .path = "/orders"}, plan_);
  EXPECT_EQ(split.outcome.kind, "forward");
  ASSERT_EQ(split.upstreams.size(), 2U);
  EXPECT_EQ(split.upstreams[0].name, "orders");
  EXPECT_EQ(split.upstreams[1].name, "orders-v2");
  const Explanation respond = explainRequest({.path = "/"}, plan_);
  EXPECT_EQ(respond.outcome.kind, "respond");
  EXPECT_EQ(respond.outcome.status, 404);
  EXPECT_TRUE(respond.serves());
}

TEST_F(Explain, RefusesQuestionsThatMakeNoSense) {
  EXPECT_EQ(summary({.listener = "pubic"}), "there is no listener \"pubic\"");
  EXPECT_EQ(summary({.source = "somewhere"}), "\"somewhere\" is not an IP address");
  EXPECT_EQ(summary({.path = "orders"}), "the path must begin with a slash");
}

}  // namespace
}  // namespace weir::admin
