#include "core/route/compile.h"

#include <gtest/gtest.h>

#include "tests/core/route/compile_fixture.h"

namespace weir::route {
namespace {

std::string mistakesOf(std::string_view toml) { return CompiledRoutes(toml).diagnostics(); }

// The diagnostics of a route to orders with one more line.
std::string mistakesWith(const std::string& line) {
  return mistakesOf("[[route]]\nupstream = \"orders\"\n" + line + "\n");
}

TEST(CompileRoutes, ForwardsToAnUpstream) {
  const CompiledRoutes compiled(R"([[route]]
upstream = "orders"
)");
  EXPECT_EQ(compiled.diagnostics(), "");
  Random random(1);
  const Route& route = compiled.route();
  EXPECT_EQ(compiled.name(std::get<Forward>(route.action).pick(random).value()), "orders");
  EXPECT_EQ(route.name, "*/*");
  EXPECT_EQ(compiled.name(route.id), "*/*");
  EXPECT_FALSE(route.timeouts.request || route.timeouts.per_try || route.timeouts.idle);
  EXPECT_EQ(route.retry, nullptr);
  EXPECT_EQ(route.rewrite, nullptr);
  EXPECT_TRUE(route.request_headers.empty());
  EXPECT_TRUE(route.mirrors.empty());
}

TEST(CompileRoutes, TakesEveryField) {
  const CompiledRoutes compiled(R"([[route]]
name = "everything"
hosts = ["API.example.com", "*.example.com", "::1"]
split = [{ upstream = "orders", weight = 3 }, { upstream = "orders-v2" }]
mirror = ["shadow", { upstream = "orders", percent = "0.5%" }]
rewrite = { prefix = "/", host = "internal" }
request_headers = { remove = ["a"], set = { b = "1" }, add = { c = "${request.id}" } }
response_headers = { set = { d = "${response.status}" } }
timeout = "2s"
per_try_timeout = "500ms"
idle_timeout = "0"

[route.match]
path_prefix = "/orders/"
methods = ["GET", "PURGE"]
source = ["10.0.0.0/8"]
listeners = ["public"]
headers = { X-A = "exact", x-b = { prefix = "p" }, x-c = { suffix = "s" } }
query = { a = { contains = "c" }, b = { regex = "[0-9]+" }, c = { present = true }, d = { absent = true } }

[route.retry]
attempts = 3
on = ["connect-failure", "reset", "timeout", "refused-stream", "503", "gateway-error"]
backoff = { base = "10ms", max = "1s" }
replay_body = "1MiB"
non_idempotent = true
)");
  EXPECT_EQ(compiled.diagnostics(), "");
  const Route& route = compiled.route();
  EXPECT_EQ(route.name, "everything");
  EXPECT_EQ(route.timeouts.request, Milliseconds(2'000));
  EXPECT_EQ(route.timeouts.per_try, Milliseconds(500));
  EXPECT_EQ(route.timeouts.idle, Milliseconds(0));
  const auto& targets = std::get<Forward>(route.action).targets();
  ASSERT_EQ(targets.size(), 2U);
  EXPECT_EQ(compiled.name(targets[0].cluster), "orders");
  EXPECT_EQ(targets[0].weight_end, 3U);
  EXPECT_EQ(targets[1].weight_end, 4U);
  ASSERT_EQ(route.mirrors.size(), 2U);
  EXPECT_EQ(compiled.name(route.mirrors[0].cluster), "shadow");
  EXPECT_EQ(route.mirrors[0].per_million, 1'000'000U);
  EXPECT_EQ(route.mirrors[1].per_million, 5'000U);
  ASSERT_NE(route.retry, nullptr);
  EXPECT_EQ(route.retry->attempts, 3U);
  EXPECT_TRUE(route.retry->failures.all());
  http::StatusSet gateway_errors;
  ASSERT_TRUE(gateway_errors.add("gateway-error"));
  EXPECT_EQ(route.retry->statuses, gateway_errors);
  EXPECT_TRUE(route.retry->covers(502) && route.retry->covers(503) && route.retry->covers(504));
  EXPECT_EQ(route.retry->backoff_base, Milliseconds(10));
  EXPECT_EQ(route.retry->backoff_max, Milliseconds(1'000));
  EXPECT_EQ(route.retry->replay_body_bytes, 1024U * 1024U);
  EXPECT_TRUE(route.retry->non_idempotent);
}

TEST(CompileRoutes, FindsWhatEveryPredicateDemands) {
  CompiledRoutes compiled(R"([[route]]
upstream = "orders"
[route.match]
path_prefix = "/orders"
methods = ["GET", "PURGE"]
source = ["10.0.0.0/8"]
listeners = ["public"]
headers = { X-A = "exact", x-b = { prefix = "p" }, x-c = { suffix = "s" } }
query = { a = { contains = "c" }, b = { regex = "[0-9]+" }, c = { present = true }, d = { absent = true } }
)");
  EXPECT_EQ(compiled.diagnostics(), "");
  const Source source{compiled.idOf("public"), IpAddress::parse("10.1.2.3").value()};
  const auto finds = [&](const TestRequest& request) {
    Captures captures;
    return compiled.table().find(request.request, source, captures) != nullptr;
  };
  const auto good = [&](TestRequest& request) {
    return finds(request.header("x-a", "exact").header("x-b", "pq").header("x-c", "rs"));
  };
  TestRequest all("h/orders/1?a=bcd&b=12&c");
  EXPECT_TRUE(good(all));
  EXPECT_TRUE(finds(all.method(http::Method::kOther, "PURGE")));
  EXPECT_FALSE(finds(all.post()));
  TestRequest contains("h/orders?a=bd&b=12&c"), regex("h/orders?a=c&b=1x&c");
  EXPECT_FALSE(good(contains));
  EXPECT_FALSE(good(regex));
  TestRequest present("h/orders?a=c&b=1"), absent("h/orders?a=c&b=1&c&d");
  EXPECT_FALSE(good(present));
  EXPECT_FALSE(good(absent));
  EXPECT_FALSE(finds(TestRequest("h/orders?a=c&b=1&c")));
}

TEST(CompileRoutes, NamesRoutesByHostAndPath) {
  const CompiledRoutes compiled(R"([[route]]
hosts = ["a.example.com", "b.example.com"]
match = { path_prefix = "/x/" }
upstream = "orders"
[[route]]
hosts = ["a.example.com"]
match = { path_prefix = "/x", methods = ["GET"] }
upstream = "orders"
[[route]]
match = { path = "/y" }
upstream = "orders"
[[route]]
match = { path_template = "/y/{id}" }
upstream = "orders"
[[route]]
match = { path_regex = "/z.*" }
upstream = "orders"
[[route]]
name = "*/*"
match = { path = "/q" }
upstream = "orders"
[[route]]
upstream = "orders"
)");
  EXPECT_EQ(compiled.diagnostics(), "");
  std::vector<std::string_view> names;
  for (const Route& route : compiled.table().routes()) names.push_back(route.name);
  EXPECT_EQ(names, (std::vector<std::string_view>{"a.example.com/x/*", "a.example.com/x/*#2", "*/y",
                                                  "*/y/{id}", "*~/z.*", "*/*", "*/*#2"}));
}

TEST(CompileRoutes, RedirectsAndResponds) {
  const CompiledRoutes compiled(R"([[route]]
match = { path_template = "/old/{id}" }
redirect = { status = 308, scheme = "https", host = "new.example.com", port = 8443, path = "/new/${capture.id}", query = "strip" }
[[route]]
match = { path_prefix = "/gone" }
redirect = { prefix = "/here" }
[[route]]
respond = { status = 404, headers = { content-type = "text/plain" }, body = "no ${request.path}\n" }
)");
  EXPECT_EQ(compiled.diagnostics(), "");
  TestRequest request("h/old/7?q");
  Captures captures;
  const Route* route = compiled.table().find(request.request, {}, captures);
  request.variables.captures = &captures;
  const auto& redirect = *std::get<std::unique_ptr<const Redirect>>(route->action);
  EXPECT_EQ(redirect.status(), 308);
  EXPECT_EQ(redirect.location(request.request, request.variables).value(),
            "https://new.example.com:8443/new/7");
  TestRequest gone("h/gone/x");
  EXPECT_EQ(std::get<std::unique_ptr<const Redirect>>(compiled.route(1).action)
                ->location(gone.request, gone.variables)
                .value(),
            "http://h/here/x");
  const auto& respond = *std::get<std::unique_ptr<const Respond>>(compiled.route(2).action);
  EXPECT_EQ(respond.status, 404);
  EXPECT_EQ(respond.body.expand(request.variables, request.arena()), "no /old/7\n");
  respond.headers.apply(request.request.headers, request.variables);
  EXPECT_EQ(linesOf(request.request.headers), "content-type: text/plain\n");
}

TEST(CompileRoutes, RewritesWithCaptures) {
  const CompiledRoutes compiled(R"([[route]]
match = { path_regex = '/u/(?P<id>[0-9]+)' }
upstream = "orders"
rewrite = { path = "/users/${capture.id}" }
)");
  EXPECT_EQ(compiled.diagnostics(), "");
  TestRequest request("h/u/12");
  Captures captures;
  const Route* route = compiled.table().find(request.request, {}, captures);
  request.variables.captures = &captures;
  EXPECT_TRUE(route->rewrite->apply(request.request, request.variables).ok());
  EXPECT_EQ(request.url(), "h/users/12");
}

TEST(CompileRoutes, MakesAffinityOnlyIfAsked) {
  const CompiledRoutes none("[[route]]\nupstream = \"orders\"\n");
  EXPECT_EQ(none.route().affinity, nullptr);
  const CompiledRoutes some(
      "[[route]]\nsplit = [{ upstream = \"orders\" }]\nsplit_on = [\"${client.address}\"]\n"
      "session_persistence.cookie = \"s\"\n");
  EXPECT_EQ(some.diagnostics(), "");
  ASSERT_NE(some.route().affinity, nullptr);
  EXPECT_EQ(some.route().affinity->hash_on, nullptr);
  EXPECT_NE(some.route().affinity->split_on, nullptr);
  EXPECT_NE(some.route().affinity->persistence, nullptr);
}

TEST(CompileRoutes, RefusesAKeyWithoutASplit) {
  EXPECT_EQ(mistakesWith("split_on = [\"${client.address}\"]"),
            "test.toml:3:12: route[0].split_on: has no effect without split\n");
  EXPECT_EQ(mistakesWith("hash_on = [\"${request.cooky.a}\"]").substr(0, 33),
            "test.toml:3:12: route[0].hash_on[");
}

TEST(CompileRoutes, WantsExactlyOneAction) {
  EXPECT_NE(mistakesOf("[[route]]\n"), "");
  EXPECT_NE(mistakesWith("respond = { status = 200 }"), "");
}

TEST(CompileRoutes, SaysWhereAnUnknownNameStands) {
  EXPECT_EQ(mistakesOf("[[route]]\nupstream = \"order\"\n"),
            "test.toml:2:12: route[0].upstream: unknown upstream \"order\" (did you mean "
            "\"orders\"?)\n");
  EXPECT_EQ(mistakesOf("[[route]]\nsplit = [{ upstream = \"orders\" }, { upstream = \"x\" }]\n"),
            "test.toml:2:48: route[0].split[1].upstream: unknown upstream \"x\"\n");
  EXPECT_EQ(mistakesWith("mirror = [\"shadw\"]"),
            "test.toml:3:11: route[0].mirror[0].upstream: unknown upstream \"shadw\" (did you mean "
            "\"shadow\"?)\n");
  EXPECT_EQ(mistakesWith("match = { listeners = [\"publik\"] }"),
            "test.toml:3:24: route[0].match.listeners: unknown listener \"publik\" (did you mean "
            "\"public\"?)\n");
}

TEST(CompileRoutes, SaysWhereAPatternIsWrong) {
  EXPECT_EQ(mistakesWith("match = { path_regex = \"/(\" }"),
            "test.toml:3:24: route[0].match.path_regex: not a regex: missing ): /(\n");
  EXPECT_EQ(mistakesWith("match = { path = \"a\" }"),
            "test.toml:3:18: route[0].match.path: \"a\" is not a path (path: must begin with a "
            "slash)\n");
  EXPECT_EQ(
      mistakesWith("match = { path_prefix = \"/a/../b\" }"),
      "test.toml:3:25: route[0].match.path_prefix: \"/a/../b\" is never matched, requests are "
      "matched as \"/b\"\n");
  EXPECT_EQ(
      mistakesWith("match = { path_template = \"/a/x{id}\" }"),
      "test.toml:3:27: route[0].match.path_template: \"x{id}\": a captured segment is written "
      "\"{name}\" and is a whole segment\n");
  EXPECT_EQ(mistakesWith("match = { path_template = \"/{a}/{a}\" }"),
            "test.toml:3:27: route[0].match.path_template: \"{a}\" occurs twice in the path\n");
  EXPECT_NE(mistakesWith("match = { path = \"/a\", path_prefix = \"/b\" }"), "");
  EXPECT_NE(mistakesWith("match = { path = \"*\" }"), "");
  EXPECT_NE(mistakesWith("match = { path_template = \"/{1}\" }"), "");
  EXPECT_NE(
      mistakesWith("match = { path_template = \"/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}\" }"), "");
}

TEST(CompileRoutes, SaysWhereAPredicateIsWrong) {
  EXPECT_EQ(mistakesWith("match = { methods = [\"GET\", \"post\"] }"),
            "test.toml:3:29: route[0].match.methods[1]: methods are case-sensitive (did you mean "
            "\"POST\"?)\n");
  EXPECT_NE(mistakesWith("match = { methods = [\"G T\"] }"), "");
  EXPECT_NE(mistakesWith("match = { source = [\"10.0.0.1/8\"] }"), "");
  EXPECT_NE(mistakesWith("match = { headers = { host = \"x\" } }"), "");
  EXPECT_NE(mistakesWith("match = { headers = { content-length = \"1\" } }"), "");
  EXPECT_NE(mistakesWith("match = { headers = { \"a b\" = \"1\" } }"), "");
  EXPECT_NE(mistakesWith("match = { headers = { a = { regex = \"(\" } } }"), "");
  EXPECT_NE(mistakesWith("match = { headers = { a = { prefix = \"a\", suffix = \"b\" } } }"), "");
  EXPECT_NE(mistakesWith("match = { query = { a = { present = false } } }"), "");
  EXPECT_NE(mistakesWith("match = { query = { a = { absent = false } } }"), "");
  EXPECT_NE(mistakesWith("match = { query = { a = {} } }"), "");
  EXPECT_NE(mistakesWith("hosts = [\"example.com:80\"]"), "");
  EXPECT_NE(mistakesWith("hosts = [\"a.*.example.com\"]"), "");
  EXPECT_NE(mistakesWith("hosts = []"), "");
}

TEST(CompileRoutes, SaysWhereATextIsWrong) {
  EXPECT_EQ(
      mistakesWith("request_headers = { set = { a = \"${reqest.id}\" } }"),
      "test.toml:3:33: route[0].request_headers.set.a: unknown variable ${reqest.id}, did you "
      "mean ${request.id}?\n");
  EXPECT_EQ(mistakesWith("response_headers = { remove = [\"Host\"] }"),
            "test.toml:3:32: route[0].response_headers.remove: \"Host\" cannot be changed as a "
            "header; use rewrite = { host = ... }\n");
  EXPECT_NE(mistakesWith("response_headers = { add = { upgrade = \"x\" } }"), "");
  EXPECT_NE(mistakesWith("rewrite = { path = \"/${capture.1}\" }"), "");
  EXPECT_NE(mistakesWith("rewrite = { host = \"a b\" }"), "");
  EXPECT_NE(mistakesWith("rewrite = { regex = \"(\", with = \"\" }"), "");
  EXPECT_NE(mistakesWith("rewrite = { regex = \"a\" }"), "");
  EXPECT_NE(mistakesWith("rewrite = { with = \"a\" }"), "");
  EXPECT_NE(mistakesWith("rewrite = { prefix = \"/\", path = \"/\" }"), "");
  EXPECT_EQ(mistakesWith("rewrite = { prefix = \"/\" }\nmatch = { path = \"/a\" }"),
            "test.toml:3:22: route[0].rewrite.prefix: only the prefix of match = { path_prefix = "
            "... } can be replaced\n");
  EXPECT_NE(mistakesOf("[[route]]\nrespond = { body = \"${response.status}\" }\n"), "");
  EXPECT_NE(mistakesOf("[[route]]\nredirect = { status = 304 }\n"), "");
  EXPECT_NE(mistakesOf("[[route]]\nredirect = { scheme = \"ftp\" }\n"), "");
  EXPECT_NE(mistakesOf("[[route]]\nredirect = { host = \"a/b\" }\n"), "");
}

TEST(CompileRoutes, RefusesWhatMeansNothing) {
  EXPECT_EQ(mistakesOf("[[route]]\nrespond = { status = 200 }\ntimeout = \"1s\"\n"),
            "test.toml:3:11: route[0].timeout: has no effect if requests are not forwarded\n");
  EXPECT_NE(mistakesOf("[[route]]\nredirect = {}\nrewrite = { path = \"/\" }\n"), "");
}

TEST(CompileRoutes, RefusesUnknownConditions) {
  EXPECT_EQ(mistakesWith("retry = { on = [\"conect-failure\"] }"),
            "test.toml:3:17: route[0].retry.on[0]: unknown condition \"conect-failure\" (did you "
            "mean \"connect-failure\"?)\n");
  EXPECT_NE(mistakesWith("retry = { on = [\"200\"] }"), "");
  EXPECT_NE(mistakesWith("retry = { on = [\"600\"] }"), "");
}

TEST(CompileRoutes, RefusesTwoOfOneName) {
  EXPECT_EQ(mistakesOf(R"([[route]]
name = "a"
upstream = "orders"
[[route]]
name = "a"
hosts = ["x"]
upstream = "orders"
)"),
            "test.toml:4:1: route[1].name: the name \"a\" is already used at test.toml:1:1\n");
}

TEST(CompileRoutes, RefusesTwoWithTheSameMatch) {
  EXPECT_EQ(mistakesOf(R"([[route]]
hosts = ["a", "b"]
match = { path_prefix = "/x", headers = { A = "1", b = "2" } }
upstream = "orders"

[[route]]
hosts = ["c", "B"]
match = { path_prefix = "/x/", headers = { B = "2", a = "1" } }
upstream = "orders"
)"),
            "test.toml:6:1: route[1].match: never matches: the route at test.toml:1:1 matches the "
            "same requests\n");
}

TEST(CompileRoutes, ReportsEveryMistake) {
  EXPECT_EQ(mistakesOf(R"([[route]]
upstream = "x1"
[[route]]
upstream = "y2"
rewrite = { path = "z" }
match = { path = "/a" }
)"),
            "test.toml:2:12: route[0].upstream: unknown upstream \"x1\"\n"
            "test.toml:4:12: route[1].upstream: unknown upstream \"y2\"\n"
            "test.toml:5:20: route[1].rewrite.path: \"z\" is not a path that can be forwarded\n");
}

TEST(CompileRoutes, PrintsWhatItRead) {
  const std::string_view toml = R"([[route]]
hosts = ["a.example.com"]
match = { path_prefix = "/x", headers = { a = "1", b = { prefix = "p" } }, source = ["10.0.0.0/8"] }
upstream = "orders"
rewrite = { prefix = "/" }
retry = { attempts = 2 }
)";
  const CompiledRoutes first(toml);
  const CompiledRoutes second(first.printed());
  EXPECT_EQ(second.diagnostics(), "");
  EXPECT_EQ(second.printed(), first.printed());
  EXPECT_EQ(second.table().routes().size(), 1U);
}

TEST(CompileRoutes, AllowsTheUpgradesThatAreListed) {
  const CompiledRoutes compiled(
      "[[route]]\nupstream = \"orders\"\nupgrades = [\"tcp\", \"SPDY/3.1\"]\n");
  const Upgrades& upgrades = compiled.route().upgrades;
  EXPECT_TRUE(upgrades.allows("tcp") && upgrades.allows("spdy/3.1"));
  EXPECT_FALSE(upgrades.allows("websocket") || upgrades.allows("SPDY") || upgrades.allows(""));
}

TEST(CompileRoutes, NoUpgradeLeadsToHttpItself) {
  for (const std::string protocol : {"h2c", "H2C", "h2", "HTTP/2.0", "http", "HTTP/1.1"}) {
    EXPECT_NE(mistakesWith("upgrades = [\"tcp\", \"" + protocol + "\"]"), "") << protocol;
  }
  for (const std::string word : {"", "/1", "a/", "a b", "a,b"}) {
    EXPECT_NE(mistakesWith("upgrades = [\"" + word + "\"]"), "") << word;
  }
  EXPECT_EQ(mistakesWith("upgrades = [\"TLS/1.0\", \"websocket\"]"), "");
  EXPECT_NE(mistakesOf("[[route]]\nrespond.status = 200\nupgrades = [\"tcp\"]\n"), "");
}

}  // namespace
}  // namespace weir::route
