#include "core/route/route_table.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/core/route/table_fixture.h"

namespace weir::route {
namespace {

// Finds `url` with the routes in every order; returns the name of the route, or all names if the
// results differ.
std::string foundInAnyOrder(std::vector<TestRoute> routes, std::string_view url) {
  const auto by_name = [](const TestRoute& l, const TestRoute& r) { return l.name < r.name; };
  std::sort(routes.begin(), routes.end(), by_name);
  std::vector<std::string> names;
  do {
    names.push_back(found(tableOf(routes), url));
  } while (std::next_permutation(routes.begin(), routes.end(), by_name));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " or ") + name;
  return text;
}

TEST(RouteTable, FindsNothingWithoutRoutes) {
  EXPECT_EQ(found(RouteTable(), TestRequest("example.com/")), "none");
  EXPECT_TRUE(RouteTable().routes().empty());
}

TEST(RouteTable, FindsHostsInAnyCaseWithPortAndDot) {
  const TestTable table = tableOf({{"a", "api.example.com"}});
  EXPECT_EQ(found(table, "api.example.com/"), "a");
  EXPECT_EQ(found(table, "API.Example.COM/"), "a");
  EXPECT_EQ(found(table, "api.example.com:8080/"), "a");
  EXPECT_EQ(found(table, "api.example.com./"), "a");
  EXPECT_EQ(found(table, "api.example.com.:80/"), "a");
  EXPECT_EQ(found(table, "api.example.co/"), "none");
  EXPECT_EQ(found(table, "xapi.example.com/"), "none");
  EXPECT_EQ(found(table, "api.example.com../"), "none");
  EXPECT_EQ(found(table, "/"), "none");
  EXPECT_EQ(found(table, std::string(300, 'a') + "/"), "none");
}

TEST(RouteTable, FindsAddressesAsHosts) {
  const TestTable table = tableOf({{"v4", "192.0.2.1"}, {"v6", "[2001:DB8::1]"}, {"bare", "::1"}});
  EXPECT_EQ(found(table, "192.0.2.1:80/"), "v4");
  EXPECT_EQ(found(table, "[2001:db8::1]:80/"), "v6");
  EXPECT_EQ(found(table, "[::1]/"), "bare");
}

TEST(RouteTable, PrefersTheMostSpecificHost) {
  const std::vector<TestRoute> routes = {
      {"exact", "a.b.example.com"}, {"near", "*.b.example.com"}, {"far", "*.example.com"}, {"any"}};
  EXPECT_EQ(foundInAnyOrder(routes, "a.b.example.com/"), "exact");
  EXPECT_EQ(foundInAnyOrder(routes, "x.b.example.com/"), "near");
  EXPECT_EQ(foundInAnyOrder(routes, "x.y.b.example.com/"), "near");
  EXPECT_EQ(foundInAnyOrder(routes, "b.example.com/"), "far");
  EXPECT_EQ(foundInAnyOrder(routes, "x.example.com/"), "far");
  EXPECT_EQ(foundInAnyOrder(routes, "example.com/"), "any");
  EXPECT_EQ(foundInAnyOrder(routes, "xexample.com/"), "any");
  EXPECT_EQ(foundInAnyOrder(routes, ".example.com/"), "any");
  EXPECT_EQ(foundInAnyOrder(routes, "example.org/"), "any");
  EXPECT_EQ(foundInAnyOrder(routes, "/"), "any");
}

TEST(RouteTable, FallsBackToAWiderHost) {
  const std::vector<TestRoute> routes = {{"exact", "a.example.com", "prefix /exact"},
                                         {"suffix", "*.example.com", "prefix /suffix"},
                                         {"any", "*", "prefix /any"}};
  EXPECT_EQ(foundInAnyOrder(routes, "a.example.com/exact"), "exact");
  EXPECT_EQ(foundInAnyOrder(routes, "a.example.com/suffix"), "suffix");
  EXPECT_EQ(foundInAnyOrder(routes, "a.example.com/any"), "any");
  EXPECT_EQ(foundInAnyOrder(routes, "a.example.com/none"), "none");
}

TEST(RouteTable, MatchesExactPathsByteByByte) {
  const TestTable table = tableOf({{"root", "*", "path /"},
                                   {"a", "*", "path /a"},
                                   {"slash", "*", "path /a/"},
                                   {"deep", "*", "path /a//b"}});
  EXPECT_EQ(found(table, "h/"), "root");
  EXPECT_EQ(found(table, "h/a"), "a");
  EXPECT_EQ(found(table, "h/a/"), "slash");
  EXPECT_EQ(found(table, "h/a//b"), "deep");
  EXPECT_EQ(found(table, "h/a/b"), "none");
  EXPECT_EQ(found(table, "h/A"), "none");
  EXPECT_EQ(found(table, "h/a?x"), "a");
  EXPECT_EQ(found(table, "h/ab"), "none");
  EXPECT_EQ(found(table, "h//"), "none");
}

TEST(RouteTable, MatchesPrefixesBySegments) {
  const TestTable table = tableOf({{"dev", "*", "prefix /api/dev"}, {"v2", "*", "prefix /v2/"}});
  EXPECT_EQ(found(table, "h/api/dev"), "dev");
  EXPECT_EQ(found(table, "h/api/dev/"), "dev");
  EXPECT_EQ(found(table, "h/api/dev/v1"), "dev");
  EXPECT_EQ(found(table, "h/api/dev//"), "dev");
  EXPECT_EQ(found(table, "h/api/dev?x"), "dev");
  EXPECT_EQ(found(table, "h/api/developer"), "none");
  EXPECT_EQ(found(table, "h/api"), "none");
  EXPECT_EQ(found(table, "h/api/de"), "none");
  EXPECT_EQ(found(table, "h/v2"), "v2");
  EXPECT_EQ(found(table, "h/v2/"), "v2");
  EXPECT_EQ(found(table, "h/v2/x"), "v2");
  EXPECT_EQ(found(table, "h/v22"), "none");
}

TEST(RouteTable, PrefersTheLongestPrefix) {
  const std::vector<TestRoute> routes = {
      {"0"}, {"1", "*", "prefix /a"}, {"2", "*", "prefix /a/b"}, {"3", "*", "prefix /a/b/c/d"}};
  EXPECT_EQ(foundInAnyOrder(routes, "h/"), "0");
  EXPECT_EQ(foundInAnyOrder(routes, "h/x"), "0");
  EXPECT_EQ(foundInAnyOrder(routes, "h/ab"), "0");
  EXPECT_EQ(foundInAnyOrder(routes, "h/a"), "1");
  EXPECT_EQ(foundInAnyOrder(routes, "h/a/x"), "1");
  EXPECT_EQ(foundInAnyOrder(routes, "h/a/b"), "2");
  EXPECT_EQ(foundInAnyOrder(routes, "h/a/b/c"), "2");
  EXPECT_EQ(foundInAnyOrder(routes, "h/a/b/c/d"), "3");
  EXPECT_EQ(foundInAnyOrder(routes, "h/a/b/c/d/e/f"), "3");
}

TEST(RouteTable, PrefersExactThenTemplateThenRegexThenPrefix) {
  const std::vector<TestRoute> routes = {{"prefix", "*", "prefix /users"},
                                         {"regex", "*", "regex /users/[a-z0-9]+"},
                                         {"template", "*", "template /users/{id}"},
                                         {"exact", "*", "path /users/me"}};
  EXPECT_EQ(foundInAnyOrder(routes, "h/users/me"), "exact");
  EXPECT_EQ(foundInAnyOrder(routes, "h/users/7"), "template");
  EXPECT_EQ(foundInAnyOrder(routes, "h/users/7/x"), "prefix");
  const std::vector<TestRoute> without(routes.begin(), routes.begin() + 2);
  EXPECT_EQ(foundInAnyOrder(without, "h/users/7"), "regex");
  EXPECT_EQ(foundInAnyOrder(without, "h/users/7/"), "prefix");
}

TEST(RouteTable, ReadsPatternsFromLeftToRight) {
  const std::vector<TestRoute> routes = {{"me", "*", "prefix /users/me"},
                                         {"orders", "*", "template /users/{id}/orders"},
                                         {"any", "*", "template /users/{id}/{what}"},
                                         {"tenant", "*", "template /{tenant}/me/orders"}};
  EXPECT_EQ(foundInAnyOrder(routes, "h/users/me/orders"), "me");
  EXPECT_EQ(foundInAnyOrder(routes, "h/users/7/orders"), "orders");
  EXPECT_EQ(foundInAnyOrder(routes, "h/users/7/bills"), "any");
  EXPECT_EQ(foundInAnyOrder(routes, "h/x/me/orders"), "tenant");
  EXPECT_EQ(foundInAnyOrder(routes, "h/users/7"), "none");
}

TEST(RouteTable, NeverLetsACatchAllHideARegex) {
  const std::vector<TestRoute> routes = {{"all"},
                                         {"php", "*", "regex .*[.]php"},
                                         {"images", "*", "prefix /images"},
                                         {"png", "*", "regex /images/.*[.]png"},
                                         {"jpg", "*", "regex /im.*[.](jpg|png)"}};
  EXPECT_EQ(foundInAnyOrder(routes, "h/x/y.php"), "php");
  EXPECT_EQ(foundInAnyOrder(routes, "h/images/y.php"), "images");
  EXPECT_EQ(foundInAnyOrder(routes, "h/images/a.png"), "png");
  EXPECT_EQ(foundInAnyOrder(routes, "h/imagine/a.png"), "jpg");
  EXPECT_EQ(foundInAnyOrder(routes, "h/x"), "all");
}

TEST(RouteTable, CapturesLieInThePath) {
  const TestTable table = tableOf({{"a", "*", "template /{one}/x/{two}"},
                                   {"b", "*", "template /{one}/{two}/y"},
                                   {"r", "*", "regex /r/(\\d+)/?(\\w*)"}});
  const TestRequest first("h/1/x/y"), second("h/1/2/y"), third("h/r/12/ab");
  Captures captures;
  EXPECT_EQ(table->find(first.request, {}, captures)->name, "a");
  EXPECT_EQ(captures[1], "1");
  EXPECT_EQ(captures[2], "y");
  EXPECT_EQ(captures[1].data(), first.request.path.data() + 1);
  EXPECT_EQ(table->find(second.request, {}, captures)->name, "b");
  EXPECT_EQ(captures[2], "2");
  EXPECT_EQ(table->find(third.request, {}, captures)->name, "r");
  EXPECT_EQ(captures[1], "12");
  EXPECT_EQ(captures[2], "ab");
  EXPECT_EQ(table->find(TestRequest("h/x").request, {}, captures), nullptr);
  EXPECT_EQ(captures.size(), 0U);
}

TEST(RouteTable, CapturesNoEmptySegment) {
  const TestTable table = tableOf({{"a", "*", "template /users/{id}"}});
  EXPECT_EQ(found(table, "h/users/"), "none");
  EXPECT_EQ(found(table, "h/users/7"), "a");
  EXPECT_EQ(found(table, "h/users/7/"), "none");
}

TEST(RouteTable, LooksAtMethods) {
  const TestTable table = tableOf({{"any", "*", "prefix /a"},
                                   {"write", "*", "prefix /a", {"POST", "PUT"}},
                                   {"purge", "*", "prefix /a", {"PURGE"}}});
  EXPECT_EQ(found(table, TestRequest("h/a")), "any");
  EXPECT_EQ(found(table, TestRequest("h/a").post()), "write");
  EXPECT_EQ(found(table, TestRequest("h/a").method(http::Method::kOther, "PURGE")), "purge");
  EXPECT_EQ(found(table, TestRequest("h/a").method(http::Method::kOther, "purge")), "any");
}

TEST(RouteTable, PrefersMethodsThenHeadersThenQueryThenSource) {
  const std::vector<TestRoute> routes = {
      {"e plain"},
      {"d source", "*", "prefix /", {}, {}, {}, {"0.0.0.0/0"}},
      {"c query", "*", "prefix /", {}, {}, {{"q", "1"}}},
      {"b header", "*", "prefix /", {}, {{"x", "1"}}},
      {"a method", "*", "prefix /", {"GET"}},
  };
  const auto names = [&](std::vector<TestRoute> some) {
    const TestTable table = tableOf(some);
    TestRequest request("h/?q=1");
    request.header("x", "1");
    Source source;
    source.address = IpAddress::parse("192.0.2.1").value();
    std::string text;
    for (const Considered& one : table->explain(request.request, source, 0)) {
      text += one.route->name.substr(0, 1);
    }
    return text;
  };
  EXPECT_EQ(names(routes), "abcde");
  EXPECT_EQ(names({routes[3], routes[0], routes[4], routes[2], routes[1]}), "abcde");
  EXPECT_EQ(names({routes[4], routes[3], routes[2], routes[1], routes[0]}), "abcde");
}

TEST(RouteTable, PrefersMoreHeadersThenMoreQueryThenTheFile) {
  const std::vector<TestRoute> routes = {
      {"one header", "*", "prefix /", {}, {{"a", "1"}}, {{"q", "1"}, {"r", "1"}}},
      {"two headers", "*", "prefix /", {}, {{"a", "1"}, {"b", "1"}}},
      {"two and query", "*", "prefix /", {}, {{"a", "1"}, {"b", "1"}}, {{"q", "1"}}},
      {"first", "*", "prefix /", {}, {{"c", "1"}}},
      {"second", "*", "prefix /", {}, {{"d", "1"}}}};
  const TestTable table = tableOf(routes);
  EXPECT_EQ(found(table, TestRequest("h/?q=1&r=1").header("a", "1").header("b", "1")),
            "two and query");
  EXPECT_EQ(found(table, TestRequest("h/").header("a", "1").header("b", "1")), "two headers");
  EXPECT_EQ(found(table, TestRequest("h/?q=1&r=1").header("a", "1")), "one header");
  EXPECT_EQ(found(table, TestRequest("h/").header("d", "1").header("c", "1")), "first");
  EXPECT_EQ(found(table, TestRequest("h/").header("d", "1")), "second");
}

TEST(RouteTable, FallsBackWhenPredicatesFail) {
  const TestTable table = tableOf({{"exact", "a.example.com", "path /a/b", {"POST"}},
                                   {"template", "a.example.com", "template /a/{x}", {"PUT"}},
                                   {"regex", "a.example.com", "regex /a/.+", {}, {{"x", "1"}}},
                                   {"prefix", "a.example.com", "prefix /a", {}, {}, {{"q", "1"}}},
                                   {"suffix", "*.example.com", "prefix /a/b", {"DELETE"}},
                                   {"any"}});
  const std::string url = "a.example.com/a/b";
  EXPECT_EQ(found(table, TestRequest(url).post()), "exact");
  EXPECT_EQ(found(table, TestRequest(url).method(http::Method::kPut, "PUT")), "template");
  EXPECT_EQ(found(table, TestRequest(url).header("x", "1")), "regex");
  EXPECT_EQ(found(table, TestRequest(url + "?q=1")), "prefix");
  EXPECT_EQ(found(table, TestRequest(url).method(http::Method::kDelete, "DELETE")), "suffix");
  EXPECT_EQ(found(table, TestRequest(url)), "any");
}

TEST(RouteTable, LeavesNoCapturesOfARouteThatWasPassedOver) {
  const TestTable table = tableOf({{"template", "*", "template /a/{x}", {"PUT"}},
                                   {"regex", "*", "regex /a/(.+)", {"PUT"}},
                                   {"prefix", "*", "prefix /a"}});
  Captures captures;
  const TestRequest request("h/a/b");
  EXPECT_EQ(table->find(request.request, {}, captures)->name, "prefix");
  EXPECT_EQ(captures.size(), 0U);
}

TEST(RouteTable, LooksAtTheSourceAndTheListener) {
  const TestTable table = tableOf({{"net", "*", "prefix /", {}, {}, {}, {"10.0.0.0/8", "::1"}},
                                   {"subnet", "*", "prefix /", {}, {}, {}, {"10.1.0.0/16"}},
                                   {"listener", "*", "prefix /", {}, {}, {}, {}, {4, 5}},
                                   {"rest"}});
  const auto from = [&](std::string_view address, NameId listener) {
    return found(table, TestRequest("h/"), {listener, IpAddress::parse(address).value()});
  };
  EXPECT_EQ(from("10.2.0.1", 4), "net");
  EXPECT_EQ(from("10.1.0.1", 4), "subnet");
  EXPECT_EQ(from("::1", 4), "net");
  EXPECT_EQ(from("192.0.2.1", 4), "listener");
  EXPECT_EQ(from("192.0.2.1", 5), "listener");
  EXPECT_EQ(from("192.0.2.1", 6), "rest");
}

TEST(RouteTable, TriesManyRegexesOfOneStart) {
  std::vector<TestRoute> routes;
  for (char c = 'a'; c <= 'h'; ++c) {
    routes.push_back({std::string(1, c), "*", std::string("regex /x/") + c + "[0-9]+"});
  }
  routes.push_back({"wide", "*", "regex /x/.*"});
  const TestTable table = tableOf(routes);
  EXPECT_EQ(found(table, "h/x/a1"), "a");
  EXPECT_EQ(found(table, "h/x/h22"), "h");
  EXPECT_EQ(found(table, "h/x/h"), "wide");
  EXPECT_EQ(found(table, "h/y/a1"), "none");
}

TEST(RouteTable, TakesTheAsteriskForAPathOfNoSegments) {
  TestRequest options("h/");
  options.request.path = "*";
  EXPECT_EQ(found(tableOf({{"all"}}), options), "all");
  EXPECT_EQ(found(tableOf({{"a", "*", "template /{x}"}, {"b", "*", "path /"}}), options), "none");
}

TEST(RouteTable, CannotBeMadeToDescendDeeperThanItsPatterns) {
  const TestTable table = tableOf({{"a", "*", "prefix /a"}, {"t", "*", "template /{x}/{y}"}});
  std::string deep = "h";
  for (int i = 0; i < 5000; ++i) deep += "/a";
  EXPECT_EQ(found(table, deep), "a");
  EXPECT_EQ(found(table, "h/b" + deep.substr(1)), "none");
}

TEST(RouteTable, ExplainsWhatBecameOfEachCandidate) {
  const TestTable table =
      tableOf({{"post", "api.example.com", "path /a/b", {"POST"}},
               {"header", "api.example.com", "template /a/{x}", {}, {{"x-v", "2"}}},
               {"query", "*.example.com", "prefix /a", {}, {}, {{"v", "2"}}},
               {"source", "*.example.com", "prefix /a", {}, {}, {}, {"10.0.0.0/8"}},
               {"listener", "*.example.com", "prefix /a", {}, {}, {}, {}, {7}},
               {"taken", "*", "prefix /a"},
               {"all"},
               {"path", "*", "prefix /b"},
               {"host", "other.example.com"}});
  std::string lines;
  for (const Considered& one : table->explain(TestRequest("api.example.com/a/b").request, {}, 9)) {
    lines += std::string(one.route->name) + " " + std::string(toString(one.outcome)) + ": [" +
             one.match + "] " + one.why + "\n";
  }
  EXPECT_EQ(lines,
            "post method: [api.example.com path /a/b] is for other methods than GET\n"
            "header header: [api.example.com template /a/{x}] requires the header x-v is \"2\"\n"
            "query query: [*.example.com prefix /a] requires the parameter v is \"2\"\n"
            "source source: [*.example.com prefix /a] is for other source addresses\n"
            "listener listener: [*.example.com prefix /a] is for other listeners\n"
            "taken taken: [* prefix /a] matches\n"
            "all less_specific: [* prefix /] matches, but a route above comes first\n"
            "path path: [* prefix /b] is for other paths\n"
            "host host: [other.example.com prefix /] is for other hosts\n");
}

TEST(RouteTable, ExplainsWithABoundOnTheOthers) {
  const TestTable table = tableOf({{"a", "a"}, {"b", "b"}, {"c", "c"}, {"d", "d"}});
  EXPECT_EQ(table->explain(TestRequest("b/").request, {}, 0).size(), 1U);
  EXPECT_EQ(table->explain(TestRequest("b/").request, {}, 2).size(), 3U);
}

TEST(RouteTableBuilder, NamesAnEarlierRouteWithTheSameMatch) {
  RouteTableBuilder builder;
  const auto add = [&](const TestRoute& route) {
    Match match;
    match.hosts = {HostPattern::parse(route.host).value(), HostPattern::parse("x.y").value()};
    match.path = patternOf(route.path);
    match.predicates = predicatesOf(route);
    return builder.add(Route(), std::move(match));
  };
  EXPECT_EQ(add({"0", "a", "prefix /a"}), std::nullopt);
  EXPECT_EQ(add({"1", "b", "prefix /b"}), std::nullopt);
  EXPECT_EQ(add({"2", "c", "prefix /b/"}), 1U);
  EXPECT_EQ(add({"3", "c", "path /b"}), std::nullopt);
  EXPECT_EQ(add({"4", "c", "template /{x}"}), std::nullopt);
  EXPECT_EQ(add({"5", "d", "template /{y}"}), 4U);
  EXPECT_EQ(add({"6", "d", "template /{y}", {"GET", "POST"}}), std::nullopt);
  EXPECT_EQ(add({"7", "d", "template /{y}", {"POST", "GET"}}), 6U);
  EXPECT_EQ(add({"8", "d", "regex /x.*"}), std::nullopt);
  EXPECT_EQ(add({"9", "d", "regex /x.*"}), 8U);
}

}  // namespace
}  // namespace weir::route
