#include "gateway/transform/json/json_bodies.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/filter_bench.h"

namespace weir::gateway {
namespace {

using test::BenchMessage;
using test::FilterBench;

const FilterBench::Headers kJson = {{"content-type", "application/json"}};

// The body of a response after changes, such as "remove = ['/a']".
std::string changed(std::string_view body, const std::string& changes) {
  FilterBench bench("json", "response = { " + changes + " }");
  bench.answer(body, kJson);
  return bench.get("/").body;
}

TEST(JsonBodies, SetAddAndDefault) {
  EXPECT_EQ(
      changed(R"({"price": 2.5, "count": 3})", R"(set = { "/total" = "body.price * body.count" })"),
      R"({"price": 2.5, "count": 3,"total":7.5})");
  EXPECT_EQ(changed(R"({"a":1})", R"(set = { "/a" = "'x'", "/b/c/d" = "[1, true, null]" })"),
            R"({"a":"x","b":{"c":{"d":[1,true,null]}}})");
  EXPECT_EQ(
      changed(R"({"l":[1,2]})",
              R"(set = { "/l/0" = "9", "/l/-" = "8" }, add = { "/l/0" = "7", "/l/-" = "6" })"),
      R"({"l":[7,9,2,8,6]})");
  EXPECT_EQ(changed(R"({"a":null})", R"(default = { "/a" = "1", "/b" = "2", "/c/d" = "3" })"),
            R"({"a":null,"b":2,"c":{"d":3}})");
  EXPECT_EQ(changed(R"({"a":1})", R"(set = { "" = "[body, body.a]" })"), R"([{"a":1},1])");
}

TEST(JsonBodies, RemoveRenameCopyAndKeep) {
  EXPECT_EQ(changed(R"({"a":1, "b":{"c" : 2,"d":[1,2,3]}})", "remove = ['/a', '/b/d/1', '/x/y']"),
            R"({"b":{"c":2,"d":[1,3]}})");
  EXPECT_EQ(
      changed(R"({"users":[{"name":"a","pw":"x"},{"pw":"y"},3]})", "remove = ['/users/*/pw']"),
      R"({"users":[{"name":"a"},{},3]})");
  EXPECT_EQ(changed(R"({"l":[1,2],"m":{"*":1,"a":2}})", "remove = ['/l/*', '/m/*']"),
            R"({"l":[],"m":{"a":2}})");
  EXPECT_EQ(changed(R"({"a":1,"b":2,"c":3})", R"(rename = { "/a" = "c", "/b" = "x\"y" })"),
            R"({"c":1,"x\"y":2})");
  EXPECT_EQ(changed(R"({"l":[{"a":1},{"a":2}]})", R"(rename = { "/l/*/a" = "b" })"),
            R"({"l":[{"b":1},{"b":2}]})");
  EXPECT_EQ(
      changed(R"({"a":{"b":1.0}})", R"(copy = { "/c" = "/a/b", "/d" = "/none" }, remove = ["/a"])"),
      R"({"c":1.0})");
  EXPECT_EQ(changed(R"({"id":1,"secret":2,"o":{"x":[1, 2],"y":2},"l":[{"a":1,"b":2},{"b":3}]})",
                    "keep = ['/id', '/o/x', '/l/*/a', '/id/deeper']"),
            R"({"id":1,"o":{"x":[1, 2]},"l":[{"a":1},{}]})");
}

// Neighbors that are not changed are copied with what is between them, others one by one.
TEST(JsonBodies, SpaceBetweenNeighborsStays) {
  const std::string body = R"({ "a" : 1 , "b": [ 1 , 2 ,3, 4 ] , "c" :{ } , "d":4 })";
  EXPECT_EQ(changed(body, "remove = ['/b']"), R"({"a":1,"c" :{ } , "d":4})");
  EXPECT_EQ(changed(body, "remove = ['/b/2']"), R"({"a":1,"b":[1 , 2,4],"c" :{ } , "d":4})");
  EXPECT_EQ(changed(body, "keep = ['/a', '/b/0', '/b/1', '/b/3', '/c']"),
            R"({"a":1,"b":[1 , 2,4],"c":{ }})");
  EXPECT_EQ(changed(body, "copy = { '/a' = '/d', '/c' = '/b', '/b/1' = '/b/2' }"),
            R"({"a":4,"b":[1,3,3, 4],"c":[ 1 , 2 ,3, 4 ],"d":4})");
  EXPECT_EQ(changed(body, "rename = { '/a' = 'x', '/d' = 'y' }"),
            R"({"x":1,"b": [ 1 , 2 ,3, 4 ] , "c" :{ },"y":4})");
  EXPECT_EQ(changed(body, "add = { '/b/1' = 'body.d' }, copy = { '/b/-' = '' }"),
            R"({"a":1,"b":[1,4,2 ,3, 4,)" + body + R"(],"c" :{ } , "d":4})");
}

TEST(JsonBodies, ValuesOfLists) {
  EXPECT_EQ(changed(R"({"items":[{"p":1,"n":2},{"p":2.5,"n":2}]})",
                    "set = { '/totals' = 'body.items.map(i, i.p * i.n)', "
                    "'/dear' = 'body.items.filter(i, i.p > 2)' }"),
            R"({"items":[{"p":1,"n":2},{"p":2.5,"n":2}],"totals":[2,5],"dear":[{"p":2.5,"n":2}]})");
}

TEST(JsonBodies, ObjectsAreWrittenAsMaps) {
  const std::string body = R"({"items":[{"id":18446744073709551615,"p":2,"x":0}],"who":"a\"b"})";
  EXPECT_EQ(changed(body, R"(keep = ['/none'], set = { '/list' = 'body.items.map(i, {"id": i.id, )"
                          R"("price": {"amount": i.p * 2, "of": body.who}})', '/none' = '{}' })"),
            R"({"list":[{"id":18446744073709551615,"price":{"amount":4,"of":"a\"b"}}],"none":{}})");
  EXPECT_EQ(changed(body, R"(set = { '/who' = '{"all": request.headers}' })"), body);
}

// 64-bit ids, fractions and exponents are those of the sender, byte for byte.
TEST(JsonBodies, NumbersKeepTheirText) {
  const std::string numbers = "[18446744073709551615,9007199254740993,1.0,1e400,-0,1E-2,-1.10e+05]";
  EXPECT_EQ(changed("{\"n\":" + numbers + ",\"x\":1}", "remove = ['/x']"),
            "{\"n\":" + numbers + "}");
  EXPECT_EQ(changed("{\"n\":" + numbers + "}",
                    "set = { '/n' = 'body.n.filter(n, true)', '/one' = 'body.n[0]' }"),
            "{\"n\":" + numbers + ",\"one\":18446744073709551615}");
  EXPECT_EQ(changed("{\"a\":1e400}", "set = { '/b' = 'body.a * 2', '/c' = 'body.a > 5.0' }"),
            "{\"a\":1e400,\"c\":true}");
}

TEST(JsonBodies, BodiesWithoutAChangeStayAsTheyAre) {
  FilterBench bench("json", "response = { remove = ['/x'] }");
  bench.answer("{ \"a\" : 1 }", {{"content-type", "application/json"}, {"etag", "\"1\""}});
  const BenchMessage reply = bench.get("/");
  EXPECT_EQ(reply.body, "{ \"a\" : 1 }");
  EXPECT_EQ(reply.header("etag"), "\"1\"");
  EXPECT_EQ(bench.counted(jsonKey(JsonMessage::kResponse, JsonResult::kUnchanged)), 1U);
}

TEST(JsonBodies, HeadsDescribeTheNewBody) {
  const FilterBench::Headers headers = {{"content-type", "application/problem+json; charset=UTF-8"},
                                        {"etag", "\"1\""},
                                        {"digest", "x"},
                                        {"content-digest", "x"},
                                        {"signature", "x"}};
  for (const bool keep : {false, true}) {
    FilterBench bench("json", std::string("response = { remove = ['/a'], keep_etag = ") +
                                  (keep ? "true }" : "false }"));
    bench.answer(R"({"a":1})", headers);
    const BenchMessage reply =
        bench.get("/", {{"accept-encoding", "gzip"}, {"range", "bytes=0-1"}, {"if-range", "x"}});
    EXPECT_EQ(reply.body, "{}");
    EXPECT_EQ(reply.header("content-length"), "2");
    EXPECT_EQ(reply.header("etag"), keep ? "W/\"1\"" : "");
    EXPECT_EQ(reply.header("digest") + reply.header("content-digest") + reply.header("signature"),
              "");
    const BenchMessage& seen = bench.seen().at(0);
    EXPECT_EQ(seen.header("accept-encoding"), "identity");
    EXPECT_EQ(seen.header("range") + seen.header("if-range"), "");
  }
}

TEST(JsonBodies, OtherBodiesPass) {
  const auto passes = [](const FilterBench::Headers& headers, int status = 200) {
    FilterBench bench("json", "response = { remove = ['/a'] }");
    bench.answer(R"({"a":1})", headers, status);
    return bench.get("/").body == R"({"a":1})";
  };
  EXPECT_TRUE(passes({{"content-type", "text/plain"}}));
  EXPECT_TRUE(passes({}));
  EXPECT_TRUE(passes({{"content-type", "application/json; charset=latin1"}}));
  EXPECT_TRUE(passes({{"content-type", "application/x-ndjson"}}));
  EXPECT_TRUE(passes({{"content-type", "application/grpc+json"}}));
  EXPECT_TRUE(passes({{"content-type", "application/json"}, {"content-encoding", "gzip"}}));
  EXPECT_TRUE(
      passes({{"content-type", "application/json"}, {"content-range", "bytes 0-6/7"}}, 206));
  EXPECT_FALSE(passes({{"content-type", "Application/JSON;charset=\"utf-8\""}}));
  EXPECT_FALSE(passes({{"content-type", "application/json"}}, 500));
}

TEST(JsonBodies, ResponsesWithoutABody) {
  FilterBench bench("json", "response = { remove = ['/a'], strict = true }");
  const auto reply = [&](std::string_view method, std::string_view head) {
    bench.answerRaw("HTTP/1.1 " + std::string(head) +
                    "\r\ncontent-type: application/json\r\netag: \"1\"\r\n\r\n");
    bench.begin(std::string(method) + " / HTTP/1.1\r\nHost: a\r\n\r\n");
    return bench.reply();
  };
  const BenchMessage head = reply("HEAD", "200 OK\r\ncontent-length: 7");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-length") + head.header("etag"), "");
  const BenchMessage same = reply("GET", "304 Not Modified");
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.header("etag"), "\"1\"");
  EXPECT_EQ(reply("DELETE", "204 No Content").status, 204);
}

// A tunnel is no body, whatever its head says.
TEST(JsonBodies, UpgradesPass) {
  FilterBench bench("json",
                    "request = { strict = true, remove = ['/a'] }, response = { strict = true, "
                    "remove = ['/a'] }");
  bench.answerRaw(
      "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
      "content-type: application/json\r\n\r\n{\"a\":");
  bench.begin(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  EXPECT_TRUE(bench.reply().raw.ends_with("\r\n\r\n{\"a\":")) << bench.reply().raw;
  bench.leave();
}

TEST(JsonBodies, ARequestIsForwardedWithItsNewLength) {
  FilterBench bench("json",
                    R"(request = { remove = ["/role"], set = { "/from" = "client.address" } })");
  EXPECT_EQ(bench.post(R"({"role":"admin","id":1})", kJson).status, 200);
  EXPECT_EQ(bench.seen().at(0).body, R"({"id":1,"from":"203.0.113.7"})");
  EXPECT_EQ(bench.seen().at(0).header("content-length"), "29");
  bench.begin(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
      "Transfer-Encoding: chunked\r\n\r\n6\r\n{\"id\":\r\n");
  EXPECT_EQ(bench.seen().size(), 1U);
  bench.send("2\r\n1}\r\n0\r\n\r\n");
  EXPECT_EQ(bench.seen().at(1).body, R"({"id":1,"from":"203.0.113.7"})");
  EXPECT_EQ(bench.seen().at(1).header("content-length"), "29");
}

TEST(JsonBodies, BadRequestsAreRefused) {
  FilterBench bench("json", "request = { remove = ['/a'] }, max_size = '1KiB', max_values = 9");
  EXPECT_EQ(bench.post("{\"a\":}", kJson).status, 400);
  EXPECT_EQ(bench.post("{\"b\":1,\"b\":2}", kJson).status, 400);
  EXPECT_EQ(bench.post("{\"b\":\"\xFF\"}", kJson).status, 400);
  EXPECT_EQ(bench.post("[0,0,0,0,0,0,0,0,0]", kJson).status, 413);
  EXPECT_EQ(bench.post("\"" + std::string(1100, 'x') + "\"", kJson).status, 413);
  EXPECT_EQ(bench.post(std::string(70, '[') + std::string(70, ']'), kJson).status, 413);
  EXPECT_EQ(bench.seen().size(), 0U);
  EXPECT_EQ(bench.replies("json", 400, Reason::kTransformError), 3U);
  EXPECT_EQ(bench.post("", kJson).status, 200);
  EXPECT_EQ(bench.post("{\"a\":}", {{"content-type", "text/plain"}}).status, 200);
}

TEST(JsonBodies, BadResponsesPassUnlessStrict) {
  for (const bool strict : {false, true}) {
    FilterBench bench("json",
                      std::string("response = { remove = ['/a'], set = { '/b' = 'body.c' }, "
                                  "strict = ") +
                          (strict ? "true" : "false") + " }, max_size = '1KiB'");
    const std::string large = "{\"a\":\"" + std::string(2000, 'x') + "\"}";
    for (const std::string& body :
         {std::string("{\"a\":"), large, std::string("{\"a\":1,\"a\":}")}) {
      bench.answer(body, kJson);
      const BenchMessage reply = bench.get("/");
      EXPECT_EQ(reply.status, strict ? 502 : 200);
      if (!strict) {
        EXPECT_EQ(reply.body, body);
      }
    }
    bench.answerRaw(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
        "transfer-encoding: chunked\r\n\r\n7db\r\n" +
        large.substr(0, 2011) + "\r\n0\r\n\r\n");
    const BenchMessage reply = bench.get("/");
    EXPECT_EQ(reply.status, strict ? 502 : 200);
    if (!strict) {
      EXPECT_NE(reply.body.find(large.substr(0, 2000)), std::string::npos);
    }
  }
}

TEST(JsonBodies, WhatCannotBeSetIsLeftOutUnlessStrict) {
  FilterBench bench("json",
                    R"(request = { set = { "/a" = "body.none", "/n/x" = "1", "/b" = "2" } })");
  EXPECT_EQ(bench.post("{\"n\":1}", kJson).status, 200);
  EXPECT_EQ(bench.seen().at(0).body, R"({"n":1,"b":2})");
  EXPECT_EQ(bench.counted(jsonDroppedKey(JsonMessage::kRequest)), 2U);
  FilterBench strict("json", R"(request = { strict = true, set = { "/a" = "body.none" } })");
  EXPECT_EQ(strict.post("{\"n\":1}", kJson).status, 422);
  EXPECT_EQ(strict.post("{\"none\":1}", kJson).status, 200);
  EXPECT_EQ(strict.post("a=1", {{"content-type", "application/x-www-form-urlencoded"}}).status,
            415);
  EXPECT_EQ(
      strict.post("x", {{"content-type", "application/json"}, {"content-encoding", "gzip"}}).status,
      415);
}

TEST(JsonBodies, WorkAndOutputAreLimited) {
  std::string body = "{\"l\":[0";
  for (int i = 1; i < 300; ++i) body += ",0";
  body += "]}";
  FilterBench steps("json",
                    "max_steps = 20000, request = { set = { "
                    "'/a' = 'body.l.map(x, body.l.map(y, x + y).size())' } }");
  EXPECT_EQ(steps.post(body, kJson).status, 422);
  FilterBench output("json", "request = { set = { '/a' = 'body.l.map(x, body)' } }");
  EXPECT_EQ(output.post(body, kJson).status, 422);
  EXPECT_EQ(output.counted(jsonKey(JsonMessage::kRequest, JsonResult::kLimit)), 1U);
}

TEST(JsonBodies, ValuesBecomeHeaders) {
  FilterBench bench("json",
                    "request = { headers = { x-model = 'body.model', x-n = 'body.n', "
                    "x-big = 'body.n > 3', x-none = 'body.none', x-bad = 'body.bad' } }");
  bench.post(R"({"model":"gpt-\u0034","n":5.0,"bad":"a\nb"})",
             {{"content-type", "application/json"}, {"x-none", "spoofed"}});
  const BenchMessage& seen = bench.seen().at(0);
  EXPECT_EQ(seen.header("x-model"), "gpt-4");
  EXPECT_EQ(seen.header("x-n"), "5.0");
  EXPECT_EQ(seen.header("x-big"), "true");
  EXPECT_EQ(seen.header("x-none") + seen.header("x-bad"), "");
  EXPECT_EQ(seen.body, R"({"model":"gpt-\u0034","n":5.0,"bad":"a\nb"})");
  bench.get("/", {{"x-model", "spoofed"}});
  EXPECT_EQ(bench.seen().at(1).header("x-model"), "");
}

TEST(JsonBodies, LargeBodiesLeaveInPieces) {
  FilterBench bench("json", "response = { remove = ['/a'] }");
  const std::string rest(500'000, 'x');
  bench.answer("{\"a\":1,\"b\":\"" + rest + "\"}", kJson);
  EXPECT_EQ(bench.get("/").body, "{\"b\":\"" + rest + "\"}");
}

}  // namespace
}  // namespace weir::gateway
