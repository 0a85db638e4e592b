#include "gateway/transform/heads/transform.h"

#include <gtest/gtest.h>

#include "gateway/transform/metrics.h"
#include "tests/support/filter_bench.h"

namespace weir::gateway {
namespace {

using test::BenchMessage;
using test::FilterBench;

TEST(Transform, HeadersOfRequestsChangeInOrder) {
  FilterBench bench("transform",
                    "request = { headers = { remove = ['x-internal-*', 'x-gone'], "
                    "rename = { x-old = 'x-new' }, "
                    "replace = [{ header = 'x-new', regex = '[0-9]', with = '#' }], "
                    "set_if_absent = { x-default = 'd', x-kept = 'd' }, "
                    "set = { x-from = '${client.address}', x-empty = '${request.header.none}', "
                    "x-name = { expression = 'request.query[\"name\"] + \"!\"' } }, "
                    "add = { x-kept = 'second' } } }");
  bench.get("/?name=ann", {{"x-internal-id", "1"},
                           {"X-Gone", "1"},
                           {"x-old", "a1b2"},
                           {"x-kept", "k"},
                           {"x-from", "client"},
                           {"x-empty", "client"}});
  const BenchMessage& seen = bench.seen().at(0);
  EXPECT_EQ(seen.header("x-internal-id") + seen.header("x-gone") + seen.header("x-old"), "");
  EXPECT_EQ(seen.header("x-new"), "a#b#");
  EXPECT_EQ(seen.header("x-default"), "d");
  EXPECT_EQ(seen.header("x-from"), "203.0.113.7");
  EXPECT_EQ(seen.header("x-empty"), "");
  EXPECT_EQ(seen.header("x-name"), "ann!");
  EXPECT_NE(seen.raw.find("x-kept: k\r\n"), std::string::npos);
  EXPECT_NE(seen.raw.find("x-kept: second\r\n"), std::string::npos);
}

// Values are not expanded again, and cannot begin another header.
TEST(Transform, ValuesCannotInject) {
  FilterBench bench("transform",
                    "request = { headers = { set = { x-a = '${request.query.a}', "
                    "x-b = { expression = 'request.query[\"b\"]' } } }, "
                    "query = { set = { c = '${request.header.x-c}' } } }");
  bench.get("/?a=${client.address}%0d%0aX:1&b=x%0d%0aevil:1", {{"x-c", "1&admin=1#?%"}});
  const BenchMessage& seen = bench.seen().at(0);
  EXPECT_EQ(seen.header("x-a"), "${client.address}%0d%0aX:1");
  EXPECT_EQ(seen.header("x-b") + seen.header("evil"), "");
  EXPECT_NE(seen.start.find("&c=1%26admin%3D1%23%3F%25 "), std::string::npos) << seen.start;
  EXPECT_EQ(bench.counted(transformDroppedKey()), 1U);
}

TEST(Transform, QueryParametersAreComparedDecoded) {
  FilterBench bench("transform",
                    "request = { query = { remove = ['secret key'], set = { v = '2' } } }");
  const auto target = [&](std::string_view sent) {
    bench.get(sent);
    return bench.seen().back().start;
  };
  EXPECT_EQ(target("/p?a=1&secret+key=x&%73ecret%20key=y&v=1&b"), "GET /p?a=1&b&v=2 HTTP/1.1");
  EXPECT_EQ(target("/p"), "GET /p?v=2 HTTP/1.1");
}

TEST(Transform, AnEmptyQueryIsNone) {
  FilterBench bench("transform", "request = { query = { remove = ['a'] } }");
  bench.get("/p?a=1&a");
  EXPECT_EQ(bench.seen().at(0).start, "GET /p HTTP/1.1");
}

TEST(Transform, CookiesOfRequests) {
  FilterBench bench("transform",
                    "request = { cookies = { remove = ['tracking'], "
                    "set = { tier = 'gold', from = '${request.query.from}' } } }");
  bench.get("/?from=a;b", {{"cookie", "tracking=1; id=\"7\"; tier=free"}});
  EXPECT_EQ(bench.seen().at(0).header("cookie"), "id=\"7\"; tier=gold");
  EXPECT_EQ(bench.counted(transformDroppedKey()), 1U);
  bench.get("/?from=web");
  EXPECT_EQ(bench.seen().at(1).header("cookie"), "tier=gold; from=web");
}

TEST(Transform, AttributesOfCookies) {
  FilterBench bench("transform",
                    "response = { cookies = [{ names = ['id'], secure = true, http_only = true, "
                    "same_site = 'lax', path = '/', domain = '' }, "
                    "{ names = ['other'], secure = false }] }");
  bench.answer("x", {{"set-cookie", "id=1; Path=/app;SameSite=None; domain=a.test; Max-Age=9"}});
  EXPECT_EQ(bench.get("/").header("set-cookie"),
            "id=1; Max-Age=9; Path=/; Secure; HttpOnly; SameSite=Lax");
  bench.answer("x", {{"set-cookie", "other=1; Secure; HttpOnly"}});
  EXPECT_EQ(bench.get("/").header("set-cookie"), "other=1; HttpOnly");
}

TEST(Transform, StatusAndHeadersOfResponses) {
  FilterBench bench("transform",
                    "response = { status = { 404 = 410, 200 = 203 }, "
                    "headers = { set = { x-was = '${response.status}' } } }");
  bench.answer("gone", {}, 404);
  const BenchMessage reply = bench.get("/");
  EXPECT_EQ(reply.status, 410);
  EXPECT_EQ(reply.header("x-was"), "404");
  bench.answer("failed", {}, 500);
  EXPECT_EQ(bench.get("/").status, 500);
}

TEST(Transform, Trailers) {
  FilterBench bench("transform",
                    "response = { trailers = { remove = ['x-secret'], set = { x-added = '1' } } }");
  bench.answerRaw(
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nx-secret: 1\r\n"
      "x-sum: 2\r\n\r\n");
  bench.begin("GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n");
  EXPECT_TRUE(bench.reply().raw.ends_with("0\r\nx-sum: 2\r\nx-added: 1\r\n\r\n"))
      << bench.reply().raw;
}

}  // namespace
}  // namespace weir::gateway
