#include "observability/admin/pages.h"

#include <string>
#include <tuple>

#include <gtest/gtest.h>

#include "tests/observability/admin/fixture.h"

namespace weir::admin {
namespace {

using test::RawMessage;

std::string statusAndBody(const RawMessage& reply) {
  return std::to_string(reply.status()) + " " + reply.body;
}

class AdminPages : public AdminTest {};

TEST_F(AdminPages, MetricsAreInTheTextFormat) {
  const RawMessage reply = ask("GET /metrics");
  EXPECT_EQ(statusAndBody(reply), "200 weir_up 1\n");
  EXPECT_EQ(reply.value("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(reply.value("cache-control"), "no-store");
  EXPECT_EQ(reply.value("x-content-type-options"), "nosniff");
}

TEST_F(AdminPages, HeadSaysHowLongThePageIs) {
  const RawMessage reply = ask("HEAD /metrics");
  EXPECT_EQ(statusAndBody(reply), "200 ");
  EXPECT_EQ(reply.value("content-length"), "10");
}

TEST_F(AdminPages, HealthIsOkWhileAllIsWell) {
  EXPECT_EQ(statusAndBody(ask("GET /healthz")), "200 ok\n");
  EXPECT_EQ(statusAndBody(ask("GET /readyz")), "200 ok\n");
}

TEST_F(AdminPages, ReadinessSaysWhyNot) {
  subject_.health_now = {.ready = false, .why = "draining"};
  EXPECT_EQ(statusAndBody(ask("GET /healthz")), "200 ok\n");
  EXPECT_EQ(statusAndBody(ask("GET /readyz")), "503 draining\n");
}

TEST_F(AdminPages, WhatIsNotLiveIsNotReadyEither) {
  subject_.health_now = {.live = false, .why = "worker 1 hangs"};
  EXPECT_EQ(statusAndBody(ask("GET /healthz")), "503 worker 1 hangs\n");
  EXPECT_EQ(statusAndBody(ask("GET /readyz")), "503 worker 1 hangs\n");
}

TEST_F(AdminPages, ConfigIsToml) {
  const RawMessage reply = ask("GET /config");
  EXPECT_EQ(statusAndBody(reply), "200 role = \"gateway\"\n");
  EXPECT_EQ(reply.value("content-type"), "text/plain; charset=utf-8");
}

TEST_F(AdminPages, UpstreamsTellOfDiscoveryConnectionsAndEndpoints) {
  subject_.upstream_states.upstreams = {
      {.name = "orders",
       .discovery = "dns",
       .balancer = "random",
       .stale = true,
       .failure = "no answer",
       .connections = 5,
       .idle_connections = 3,
       .max_connections = 1024,
       .endpoints = {{.address = "10.0.0.1:80",
                      .weight = 2,
                      .priority = 1,
                      .zone = "eu-1",
                      .state = "ejected",
                      .since = "2027-01-31T18:00:00Z",
                      .latency_ms = 12.5,
                      .in_flight = 4,
                      .ejected_by = 3},
                     {.address = "10.0.0.2:80", .state = "draining", .draining = true}}}};
  const RawMessage reply = ask("GET /upstreams");
  EXPECT_EQ(reply.value("content-type"), "application/json");
  EXPECT_EQ(statusAndBody(reply), R"(200 {
  "upstreams": [
    {
      "name": "orders",
      "discovery": {
        "kind": "dns",
        "known": true,
        "stale": true,
        "failure": "no answer"
      },
      "balancer": "random",
      "connections": {
        "open": 5,
        "idle": 3,
        "max": 1024
      },
      "endpoints": [
        {
          "address": "10.0.0.1:80",
          "weight": 2,
          "zone": "eu-1",
          "priority": 1,
          "state": "ejected",
          "since": "2027-01-31T18:00:00Z",
          "in_flight": 4,
          "expected_latency_ms": 12.5,
          "ejected": true,
          "ejected_by_workers": 3
        },
        {
          "address": "10.0.0.2:80",
          "weight": 1,
          "state": "draining",
          "in_flight": 0,
          "draining": true
        }
      ]
    }
  ]
}
)");
}

TEST_F(AdminPages, UpstreamsTellWhoseAnswersAreMissing) {
  subject_.upstream_states.silent_workers = 2;
  EXPECT_EQ(statusAndBody(ask("GET /upstreams")),
            "200 {\n  \"upstreams\": [],\n  \"silent_workers\": 2\n}\n");
}

TEST_F(AdminPages, OneUpstreamHasPagesWithTheEndpointsOutOfUseFirst) {
  UpstreamState orders{.name = "orders"};
  for (int i = 0; i < 5; ++i) orders.endpoints.push_back({.address = std::to_string(i)});
  orders.endpoints[3].state = "ejected";
  orders.endpoints[4].state = "healthy";
  subject_.upstream_states.upstreams = {{.name = "users"}, orders};
  const auto addresses = [this](std::string_view query) {
    const RawMessage reply = ask("GET /upstreams?name=orders" + std::string(query));
    std::string found;
    for (std::size_t at = 0; (at = reply.body.find("address\": \"", at)) != std::string::npos;) {
      found += reply.body[at += 11];
    }
    EXPECT_NE(reply.body.find("\"endpoint_count\": 5"), std::string::npos);
    return found;
  };
  EXPECT_EQ(addresses(""), "30124");
  EXPECT_EQ(addresses("&limit=2"), "30");
  EXPECT_EQ(addresses("&offset=3&limit=9"), "24");
  EXPECT_EQ(addresses("&offset=9"), "");
  EXPECT_EQ(ask("GET /upstreams?name=payments").status(), 404);
  EXPECT_EQ(ask("GET /upstreams?name=orders&limit=-1").status(), 400);
}

TEST_F(AdminPages, TheDashboardHasFiles) {
  const RawMessage page = ask("GET /dashboard");
  EXPECT_EQ(page.value("content-security-policy"), "default-src 'self'; frame-ancestors 'none'");
  EXPECT_EQ(ask("GET /dashboard/app.js").value("content-type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(ask("GET /dashboard/none.js").status(), 404);
  EXPECT_EQ(ask("GET /", "accept: text/html,*/*\r\n").body, page.body);
  EXPECT_EQ(ask("GET /pages", "accept: text/html,*/*\r\n").body, ask("GET /").body);
}

TEST_F(AdminPages, ListenersTellWhereTheyListen) {
  subject_.listener_states = {{.name = "public",
                               .address = "0.0.0.0:8080",
                               .accepting = false,
                               .connections = 7,
                               .max_connections = 100}};
  EXPECT_EQ(statusAndBody(ask("GET /listeners")), R"(200 {
  "listeners": [
    {
      "name": "public",
      "address": "0.0.0.0:8080",
      "accepting": false,
      "connections": {
        "open": 7,
        "max": 100
      }
    }
  ]
}
)");
}

TEST_F(AdminPages, NothingToListIsAnEmptyList) {
  EXPECT_EQ(statusAndBody(ask("GET /upstreams")), "200 {\n  \"upstreams\": []\n}\n");
  EXPECT_EQ(statusAndBody(ask("GET /listeners")), "200 {\n  \"listeners\": []\n}\n");
}

TEST_F(AdminPages, ReloadTellsTheGenerationThatHolds) {
  subject_.outcome = {.applied = true, .generation = 8, .diagnostics = {}};
  EXPECT_EQ(statusAndBody(ask("POST /reload")),
            "200 {\n  \"result\": \"applied\",\n  \"generation\": 8\n}\n");
  EXPECT_EQ(subject_.reloads, 1);
}

TEST_F(AdminPages, ReloadTellsEveryMistake) {
  subject_.outcome.generation = 7;
  subject_.outcome.diagnostics.add(
      {{"edge.toml", 3, 7}, "listener[0].adress", "unknown key", "address"});
  subject_.outcome.diagnostics.add({{"edge.toml", 1, 1}, "", "no listener", ""});
  EXPECT_EQ(statusAndBody(ask("POST /reload")), R"json(422 {
  "result": "rejected",
  "generation": 7,
  "mistakes": [
    {
      "file": "edge.toml",
      "line": 1,
      "column": 1,
      "path": "",
      "what": "no listener",
      "suggestion": "",
      "text": "edge.toml:1:1: no listener"
    },
    {
      "file": "edge.toml",
      "line": 3,
      "column": 7,
      "path": "listener[0].adress",
      "what": "unknown key",
      "suggestion": "address",
      "text": "edge.toml:3:7: listener[0].adress: unknown key (did you mean \"address\"?)"
    }
  ]
}
)json");
}

TEST_F(AdminPages, ReloadIsReadableAtATerminal) {
  subject_.outcome.generation = 7;
  subject_.outcome.diagnostics.add({{"edge.toml", 1, 1}, "", "no listener", ""});
  EXPECT_EQ(statusAndBody(ask("POST /reload", "accept: text/plain\r\n")),
            "422 edge.toml:1:1: no listener\nrejected: generation 7 remains in force\n");
  subject_.outcome = {.applied = true, .generation = 8, .diagnostics = {}};
  EXPECT_EQ(statusAndBody(ask("POST /reload", "accept: text/plain\r\n")),
            "200 applied: generation 8\n");
}

TEST_F(AdminPages, DrainBegins) {
  EXPECT_EQ(statusAndBody(ask("POST /drain")), "202 {\n  \"result\": \"draining\"\n}\n");
  EXPECT_EQ(subject_.drains, 1);
}

TEST_F(AdminPages, LogLevelIsShown) {
  EXPECT_EQ(statusAndBody(ask("GET /log-level")), "200 {\n  \"level\": \"info\"\n}\n");
}

TEST_F(AdminPages, LogLevelIsChanged) {
  EXPECT_EQ(statusAndBody(ask("POST /log-level?level=warning")),
            "200 {\n  \"level\": \"warning\"\n}\n");
  EXPECT_EQ(subject_.level, log::Level::kWarning);
}

TEST_F(AdminPages, LogLevelMustBeOneThatThereIs) {
  EXPECT_EQ(ask("POST /log-level?level=loud").status(), 400);
  EXPECT_EQ(ask("POST /log-level").status(), 400);
  EXPECT_EQ(subject_.level, log::Level::kInfo);
}

TEST_F(AdminPages, IndexLinksToThePages) {
  const RawMessage reply = ask("GET /");
  EXPECT_EQ(reply.status(), 200);
  EXPECT_EQ(reply.value("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(reply.value("content-security-policy"), "default-src 'self'; frame-ancestors 'none'");
  EXPECT_NE(reply.body.find("<a href=\"/metrics\">"), std::string::npos);
  EXPECT_NE(reply.body.find("POST /drain"), std::string::npos);
  EXPECT_EQ(reply.body.find("href=\"/drain\""), std::string::npos);
}

TEST_F(AdminPages, WhatChangesStateIsPostOnly) {
  const RawMessage reply = ask("GET /drain");
  EXPECT_EQ(reply.status(), 405);
  EXPECT_EQ(reply.value("allow"), "POST");
  EXPECT_EQ(ask("HEAD /drain").status(), 405);
  EXPECT_EQ(ask("GET /reload").status(), 405);
  EXPECT_EQ(subject_.drains + subject_.reloads, 0);
}

TEST_F(AdminPages, WhatIsReadIsNotPosted) {
  const RawMessage reply = ask("POST /metrics");
  EXPECT_EQ(reply.status(), 405);
  EXPECT_EQ(reply.value("allow"), "GET, HEAD");
  EXPECT_EQ(subject_.scrapes, 0);
}

TEST_F(AdminPages, AllowNamesEveryMethodOfThePath) {
  EXPECT_EQ(ask("DELETE /log-level").value("allow"), "GET, HEAD, POST");
  EXPECT_EQ(ask("OPTIONS /log-level").value("allow"), "GET, HEAD, POST");
}

TEST_F(AdminPages, UnknownPathsAreNotFound) {
  EXPECT_EQ(statusAndBody(ask("GET /metrics/")),
            "404 {\n  \"status\": 404,\n  \"detail\": \"no such page; / lists them\"\n}\n");
  EXPECT_EQ(ask("GET /../metrics").status(), 404);
  EXPECT_EQ(ask("POST /quit").status(), 404);
  EXPECT_EQ(ask("OPTIONS *").status(), 404);
}

class AdminExplain : public AdminTest {
 protected:
  AdminExplain() {
    subject_.explanation.listener = "public";
    subject_.explanation.path = "/orders/7";
    subject_.explanation.routes = {
        {"orders", "taken", "api.example.com prefix /orders", "forward to orders", "matches"},
        {"admin", "method", "* prefix /", "respond with 404", "is for other methods than GET"}};
    subject_.explanation.outcome.kind = "forward";
    subject_.explanation.filters = {{"rbac",
                                     "route",
                                     "proceeds",
                                     "allow policy \"read\" matches",
                                     {"deny policy \"a\" would match but for paths"}}};
    subject_.explanation.upstreams = {
        {.name = "orders",
         .discovery = "static",
         .endpoints = {{.address = "192.0.2.1:80", .weight = 2, .in_flight = 3}}}};
  }
  // Nothing is known beyond the listener.
  void forget() {
    subject_.explanation = {};
    subject_.explanation.listener = "public";
  }
};

TEST_F(AdminExplain, AsksWhatTheParametersSay) {
  ask("GET /explain?method=PUT&host=api.example.com&path=%2Forders%2F7%3Fa%3Db&listener=public"
      "&source=10.0.0.1&header.x-user=a%20b&header.X-Tier=gold");
  EXPECT_EQ(subject_.asked.method, "PUT");
  EXPECT_EQ(subject_.asked.host, "api.example.com");
  EXPECT_EQ(subject_.asked.path, "/orders/7?a=b");
  EXPECT_EQ(subject_.asked.listener, "public");
  EXPECT_EQ(subject_.asked.source, "10.0.0.1");
  const std::vector<std::pair<std::string, std::string>> headers = {{"x-user", "a b"},
                                                                    {"X-Tier", "gold"}};
  EXPECT_EQ(subject_.asked.headers, headers);
}

TEST_F(AdminExplain, AsksAsTheCallerOfAUrl) {
  ask("GET "
      "/explain?url=https%3A%2F%2Fa.test%3A8443%2Fx%3Fy%3D1%23z&as=bob&group=a&group=b&scope=c");
  EXPECT_EQ(subject_.asked.scheme, "https");
  EXPECT_EQ(subject_.asked.host, "a.test:8443");
  EXPECT_EQ(subject_.asked.port, 8443U);
  EXPECT_EQ(subject_.asked.path, "/x?y=1");
  EXPECT_EQ(subject_.asked.caller, "bob");
  EXPECT_EQ(subject_.asked.groups, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(subject_.asked.scopes, (std::vector<std::string>{"c"}));
}

TEST_F(AdminExplain, ReadsUrlsWithoutAPathOrPort) {
  const std::tuple<const char*, const char*, unsigned, const char*> cases[] = {
      {"http://a.test", "a.test", 80U, "/"},
      {"https://[::1]?q", "[::1]", 443U, "/?q"},
      {"http://[::1]:81/p", "[::1]:81", 81U, "/p"},
      {"/only/path", "", 0U, "/only/path"},
  };
  for (const auto& [url, host, port, path] : cases) {
    ExplainQuery query;
    EXPECT_EQ(readUrl(url, query), "") << url;
    EXPECT_EQ(query.host, host) << url;
    EXPECT_EQ(query.port, port) << url;
    EXPECT_EQ(query.path, path) << url;
  }
  ExplainQuery query;
  for (const char* const url : {"a.test/x", "ftp://a/", "", "http://"}) {
    EXPECT_NE(readUrl(url, query), "") << url;
  }
}

TEST_F(AdminExplain, AsksForAGetOfTheRootUnlessTold) {
  ask("GET /explain?path=/");
  EXPECT_EQ(subject_.asked.method, "GET");
  EXPECT_EQ(subject_.asked.path, "/");
  EXPECT_EQ(subject_.asked.host, "");
}

TEST_F(AdminExplain, AnswersWithEveryRouteAndWhy) {
  EXPECT_EQ(statusAndBody(ask("GET /explain?host=api.example.com&path=/orders/7")), R"(200 {
  "request": {
    "method": "GET",
    "host": "api.example.com",
    "path": "/orders/7",
    "headers": {},
    "listener": "public",
    "source": ""
  },
  "path": "/orders/7",
  "route": "orders",
  "outcome": {
    "kind": "forward"
  },
  "considered": [
    {
      "route": "orders",
      "outcome": "taken",
      "match": "api.example.com prefix /orders",
      "action": "forward to orders",
      "why": "matches"
    },
    {
      "route": "admin",
      "outcome": "method",
      "match": "* prefix /",
      "action": "respond with 404",
      "why": "is for other methods than GET"
    }
  ],
  "filters": [
    {
      "filter": "rbac",
      "of": "route",
      "outcome": "proceeds",
      "why": "allow policy \"read\" matches",
      "near_misses": [
        "deny policy \"a\" would match but for paths"
      ]
    }
  ],
  "upstreams": [
    {
      "name": "orders",
      "discovery": {
        "kind": "static",
        "known": true,
        "stale": false,
        "failure": ""
      },
      "balancer": "",
      "connections": {
        "open": 0,
        "idle": 0,
        "max": 0
      },
      "endpoints": [
        {
          "address": "192.0.2.1:80",
          "weight": 2,
          "in_flight": 3
        }
      ]
    }
  ]
}
)");
}

TEST_F(AdminExplain, IsReadableAtATerminal) {
  EXPECT_EQ(ask("GET /explain?host=api.example.com&path=/orders/7&source=10.0.0.1",
                "accept: text/plain\r\n")
                .body,
            "GET api.example.com/orders/7 on listener public from 10.0.0.1\n"
            "  matches route orders: forward to orders\n"
            "\n"
            "ROUTE   OUTCOME  MATCH                           ACTION             WHY\n"
            "orders  taken    api.example.com prefix /orders  forward to orders  matches\n"
            "admin   method   * prefix /                      respond with 404   is for other "
            "methods than GET\n"
            "\n"
            "FILTER  OF     OUTCOME   WHY\n"
            "rbac    route  proceeds  allow policy \"read\" matches\n"
            "                         deny policy \"a\" would match but for paths\n"
            "\n"
            "UPSTREAM  ENDPOINT      WEIGHT  ZONE  IN FLIGHT  STATE\n"
            "orders    192.0.2.1:80  2             3          in use\n");
}

TEST_F(AdminExplain, SaysThatNoRouteMatches) {
  forget();
  EXPECT_NE(ask("GET /explain?path=/").body.find("\"route\": null"), std::string::npos);
  EXPECT_EQ(ask("GET /explain?host=a", "accept: text/plain\r\n").body,
            "GET a/ on listener public\n  matches no route: 404 no_route\n");
}

TEST_F(AdminExplain, SaysWhichFilterRefusesARequest) {
  forget();
  subject_.explanation.outcome = {"refused", 403, "authz_denied", "deny policy", "rbac"};
  EXPECT_EQ(ask("GET /explain?host=a&as=bob", "accept: text/plain\r\n").body,
            "GET a/ on listener public as bob\n"
            "  is refused by the filter rbac: 403 authz_denied, deny policy\n");
}

TEST_F(AdminExplain, SaysWhyARequestIsRefused) {
  forget();
  subject_.explanation.refusal = "CONNECT is not enabled";
  EXPECT_NE(ask("GET /explain?path=/").body.find("\"refusal\": \"CONNECT is not enabled\""),
            std::string::npos);
  EXPECT_EQ(ask("GET /explain?host=a", "accept: text/plain\r\n").body,
            "GET a/ on listener public\n  is refused: CONNECT is not enabled\n");
}

TEST_F(AdminExplain, RefusesAQuestionThatMakesNoSense) {
  subject_.explanation.mistake = "there is no listener \"x\"";
  EXPECT_EQ(statusAndBody(ask("GET /explain?listener=x")),
            "400 {\n  \"status\": 400,\n  \"detail\": \"there is no listener \\\"x\\\"\"\n}\n");
}

TEST_F(AdminExplain, RefusesUnknownParameters) {
  EXPECT_EQ(ask("GET /explain").status(), 400);
  EXPECT_EQ(ask("GET /explain?").status(), 400);
  EXPECT_EQ(ask("GET /explain?hots=a").status(), 400);
  EXPECT_EQ(ask("GET /explain?header.=a").status(), 400);
}

TEST_F(AdminExplain, SurvivesBytesThatAreNoText) {
  const RawMessage json = ask("GET /explain?host=%ff%00&header.%c3=%28");
  EXPECT_EQ(json.status(), 200);
  EXPECT_NE(json.body.find("\xEF\xBF\xBD"), std::string::npos);
  const RawMessage text = ask("GET /explain?host=%1b%5b31m%0d", "accept: text/plain\r\n");
  EXPECT_EQ(text.body.substr(0, 14), "GET ?[31m?/ on");
}

}  // namespace
}  // namespace weir::admin
