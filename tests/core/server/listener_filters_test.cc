#include "core/server/listener_filters.h"

#include <gmock/gmock.h>

#include "core/filter/registry.h"
#include "tests/core/server/fixture.h"

namespace weir::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Named final : public filter::Filter {
 public:
  struct Config {
    std::string name;
    bool operator==(const Config&) const = default;
    static void read(config::Table& table, Config& out) { table.read("name", out.name, "A name."); }
  };
  static void addRequestFields(const Config& config, http::FieldSet& fields) {
    fields.add(config.name);
  }
  Named(const Config& config, filter::Control&) : config_(config) {}
  filter::Verdict onRequest(http::Request& request) override {
    request.headers.add("x-filter", config_.name);
    return filter::Verdict::proceed();
  }

 private:
  const Config& config_;
};

constexpr std::string_view kFilters = R"(
[filter.a]
named = { name = "a" }
[filter.b]
named = { name = "b" }
[filter.c]
named = { name = "c" }
[filter.d]
named = { name = "d" }
[upstream.orders]
discovery = { list = ["10.0.0.1:80"] }
)";

class ListenerFiltersTest : public PlanTest {
 protected:
  ListenerFiltersTest() { registry.filters().add<Named>("named", "Of tests."); }

  std::shared_ptr<const proxy::Plan> make(std::string_view listener, std::string_view routes) {
    return build("[[listener]]\nname = \"public\"\naddress = \"127.0.0.1:0\"\n" +
                 std::string(listener) + std::string(kFilters) + std::string(routes));
  }
  // The names of the filters of a chain, with a star for those of the listener.
  std::vector<std::string> namesOf(const std::shared_ptr<const filter::Chain>& chain) {
    std::vector<std::string> found;
    if (chain == nullptr) return found;
    for (const filter::Link& link : *chain) {
      http::FieldSet fields;
      link.maker->addRequestFields(fields);
      found.push_back(fields.names().front() + (link.of_listener ? "*" : ""));
    }
    return found;
  }
};

TEST_F(ListenerFiltersTest, ComeBeforeRoutesUnlessARouteLeavesThemOut) {
  const auto plan =
      make("filters = ['a', 'b']\n", "[[route]]\nupstream = \"orders\"\nfilters = ['c', 'd']\n");
  ASSERT_NE(plan, nullptr) << diagnostics;
  EXPECT_EQ(diagnostics, "");
  const proxy::ListenerPlan& listener = *plan->listeners[0];
  EXPECT_TRUE(listener.has_early_steps);
  EXPECT_THAT(namesOf(listener.early_filters), ElementsAre("a*", "b*"));
  EXPECT_EQ(listener.filters_without_route, nullptr);
  EXPECT_THAT(listener.route_filters, IsEmpty());
  EXPECT_THAT(namesOf(plan->chains[0]), ElementsAre("c", "d"));
  EXPECT_EQ(plan->longest_chain, 2U);
}

TEST_F(ListenerFiltersTest, ThoseBehindOneThatIsLeftOutKeepTheirOrder) {
  const auto plan = make("filters = ['a', 'b', 'c']\n", R"(
[[route]]
match = { path = "/open" }
upstream = "orders"
filters = ["d"]
without_filters = ["b"]
[[route]]
upstream = "orders"
)");
  ASSERT_NE(plan, nullptr) << diagnostics;
  EXPECT_EQ(diagnostics, "");
  const proxy::ListenerPlan& listener = *plan->listeners[0];
  EXPECT_THAT(namesOf(listener.early_filters), ElementsAre("a*"));
  EXPECT_THAT(namesOf(listener.filters_without_route), ElementsAre("b*", "c*"));
  ASSERT_EQ(listener.route_filters.size(), 2U);
  EXPECT_THAT(namesOf(listener.route_filters[0]), ElementsAre("c*", "d"));
  EXPECT_THAT(namesOf(listener.route_filters[1]), ElementsAre("b*", "c*"));
  EXPECT_EQ(listener.route_filters[1], listener.filters_without_route);
}

TEST_F(ListenerFiltersTest, AListenerWithoutThemHasNone) {
  const auto plan = make("filters = []\n", R"(
[[route]]
upstream = "orders"
filters = ["a", "b", "c", "d"]
)");
  ASSERT_NE(plan, nullptr) << diagnostics;
  const proxy::ListenerPlan& listener = *plan->listeners[0];
  EXPECT_FALSE(listener.has_early_steps);
  EXPECT_EQ(listener.early_filters, nullptr);
  EXPECT_THAT(listener.route_filters, IsEmpty());
}

TEST_F(ListenerFiltersTest, UnknownNamesAreMistakes) {
  EXPECT_EQ(make("filters = ['a', 'x']\n", R"(
[[route]]
upstream = "orders"
without_filters = ["a", "bb"]
)"),
            nullptr);
  EXPECT_EQ(diagnostics,
            "test.toml:4:17: listener[0].filters[1]: there is no filter \"x\": define it in "
            "[filter.x]\n"
            "test.toml:19:25: route[0].without_filters[1]: there is no filter \"bb\" "
            "(did you mean \"b\"?)\n");
}

TEST_F(ListenerFiltersTest, NamesWithoutAnEffectAreWarnings) {
  ASSERT_NE(make("filters = ['a']\n", R"(
[[route]]
upstream = "orders"
filters = ["b"]
without_filters = ["b"]
)"),
            nullptr);
  EXPECT_EQ(diagnostics,
            "test.toml:10:1: warning: filter.c: is not used by any listener or route\n"
            "test.toml:12:1: warning: filter.d: is not used by any listener or route\n"
            "test.toml:20:20: warning: route[0].without_filters[0]: is not a filter of any "
            "listener\n");
}

TEST_F(ListenerFiltersTest, MistakesInHeaderRulesHaveTheirPlace) {
  EXPECT_EQ(make("request_headers = { set = { x-a = '${route.name}', host = 'a' } }\n"
                 "response_headers = { add = { x-b = '${route.nam}' } }\n",
                 "[[route]]\nupstream = \"orders\"\nfilters = ['a', 'b', 'c', 'd']\n"),
            nullptr);
  EXPECT_EQ(diagnostics,
            "test.toml:4:35: listener[0].request_headers.set.x-a: ${route.name}: the route is not "
            "known yet at this point\n"
            "test.toml:4:59: listener[0].request_headers.set.host: \"host\" cannot be changed as a "
            "header; use rewrite = { host = ... }\n"
            "test.toml:5:36: listener[0].response_headers.add.x-b: unknown variable ${route.nam}, "
            "did you mean ${route.name}?\n");
}

TEST_F(ListenerFiltersTest, SettingsThatWouldBeIgnoredAreMistakes) {
  const std::string_view routes = "[[route]]\nupstream = 'orders'\nfilters = ['a','b','c','d']\n";
  EXPECT_EQ(make("protocol = \"tcp\"\nupstream = \"orders\"\nfilters = ['a']\n"
                 "response_headers = {}\nredirect_to_https = true\n",
                 routes),
            nullptr);
  EXPECT_EQ(diagnostics,
            "test.toml:6:11: listener[0].filters: has no effect with protocol = \"tcp\"\n"
            "test.toml:7:20: listener[0].response_headers: has no effect with protocol = \"tcp\"\n"
            "test.toml:8:21: listener[0].redirect_to_https: has no effect with protocol = "
            "\"tcp\"\n");
  EXPECT_EQ(make("redirect_to_https = { port = 8443, prot = 1 }\n", routes), nullptr);
  EXPECT_EQ(diagnostics,
            "test.toml:4:36: listener[0].redirect_to_https.prot: unknown key (did you mean "
            "\"port\"?)\n");
}

TEST_F(ListenerFiltersTest, HstsOverPlainHttpIsAWarning) {
  ASSERT_NE(make("response_headers = { set = { Strict-Transport-Security = 'max-age=1' } }\n",
                 "[[route]]\nupstream = 'orders'\nfilters = ['a','b','c','d']\n"),
            nullptr);
  EXPECT_EQ(diagnostics,
            "test.toml:4:20: warning: listener[0].response_headers: sets "
            "Strict-Transport-Security, which browsers ignore over plain HTTP\n");
}

TEST_F(ListenerFiltersTest, RedirectsHaveAPort) {
  const auto plan = make("redirect_to_https = { port = 8443 }\n",
                         "[[route]]\nupstream = 'orders'\nfilters = ['a','b','c','d']\n");
  ASSERT_NE(plan, nullptr) << diagnostics;
  EXPECT_TRUE(plan->listeners[0]->has_early_steps);
  ASSERT_NE(plan->listeners[0]->https_redirect, nullptr);
  EXPECT_EQ(plan->listeners[0]->https_redirect->status(), 308);
}

}  // namespace
}  // namespace weir::server
