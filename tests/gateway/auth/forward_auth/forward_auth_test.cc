#include "gateway/auth/forward_auth/forward_auth.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/filter_bench.h"

namespace weir::gateway::forward_auth {
namespace {

using test::BenchMessage;
using test::FilterBench;

constexpr std::string_view kService = "upstream = 'service', path = '/verify?a=b'";

std::string withSettings(std::string_view more) {
  return std::string(kService) + ", " + std::string(more);
}

TEST(ForwardAuth, A2xxResponseAdmitsTheRequest) {
  FilterBench bench("forward_auth", kService);
  for (const int status : {200, 202, 204}) {
    bench.serviceAnswers("", {}, status);
    EXPECT_EQ(bench.get().status, 200) << status;
  }
  EXPECT_EQ(bench.asked().size(), 3U);
  EXPECT_EQ(bench.seen().size(), 3U);
}

TEST(ForwardAuth, TheServiceLearnsOfTheRequest) {
  FilterBench bench("forward_auth", kService);
  bench.serviceAnswers("");
  bench.begin(
      "POST /orders?id=7 HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 5\r\nCookie: session=1\r\n"
      "Authorization: Bearer t\r\n\r\nhello");
  ASSERT_EQ(bench.asked().size(), 1U);
  const BenchMessage& asked = bench.asked().at(0);
  EXPECT_EQ(asked.start, "GET /verify?a=b HTTP/1.1");
  EXPECT_EQ(asked.header("x-forwarded-method"), "POST");
  EXPECT_EQ(asked.header("x-forwarded-proto"), "http");
  EXPECT_EQ(asked.header("x-forwarded-host"), "shop.test");
  EXPECT_EQ(asked.header("x-forwarded-uri"), "/orders?id=7");
  EXPECT_EQ(asked.header("x-forwarded-for"), "203.0.113.7");
  EXPECT_EQ(asked.header("x-original-url"), "http://shop.test/orders?id=7");
  EXPECT_EQ(asked.header("x-original-method"), "POST");
  EXPECT_EQ(asked.header("cookie"), "session=1");
  EXPECT_EQ(asked.header("authorization"), "Bearer t");
  EXPECT_EQ(asked.header("content-length"), "");
  EXPECT_EQ(asked.body, "");
  EXPECT_EQ(bench.seen().at(0).body, "hello");
}

// A client cannot speak in weir's name, or turn the decision into a 304 or 206.
TEST(ForwardAuth, HeadersThatWouldMisleadTheServiceAreLeftOut) {
  FilterBench bench("forward_auth", kService);
  bench.serviceAnswers("");
  bench.get("/", {{"X-Forwarded-Method", "OPTIONS"},
                  {"X-Forwarded-Uri", "/public"},
                  {"X-Original-Method", "OPTIONS"},
                  {"If-None-Match", "*"},
                  {"Range", "bytes=0-1"},
                  {"Sec-WebSocket-Key", "x"}});
  const BenchMessage& asked = bench.asked().at(0);
  EXPECT_EQ(asked.header("x-forwarded-method"), "GET");
  EXPECT_EQ(asked.header("x-forwarded-uri"), "/");
  EXPECT_EQ(asked.header("x-original-method"), "GET");
  EXPECT_EQ(asked.raw.find("OPTIONS"), std::string::npos);
  for (const char* name : {"if-none-match", "range", "sec-websocket-key"}) {
    EXPECT_EQ(asked.header(name), "") << name;
  }
}

TEST(ForwardAuth, OnlyNamedHeadersAreSentOnRequest) {
  FilterBench bench("forward_auth", withSettings("request_headers = ['cookie']"));
  bench.serviceAnswers("");
  bench.get("/", {{"Cookie", "a=1"}, {"Authorization", "Basic eA=="}});
  EXPECT_EQ(bench.asked().at(0).header("cookie"), "a=1");
  EXPECT_EQ(bench.asked().at(0).header("authorization"), "");
  EXPECT_EQ(bench.asked().at(0).header("x-forwarded-uri"), "/");
}

TEST(ForwardAuth, ItsHeadersReachTheUpstreamInsteadOfTheClients) {
  FilterBench bench("forward_auth",
                    withSettings("response_headers = ['Remote-User', 'remote-groups']"));
  bench.serviceAnswers("", {{"remote-user", "ada"}, {"x-other", "1"}});
  bench.get("/", {{"Remote-User", "root"}, {"Remote.User", "root"}, {"remote-groups", "wheel"}});
  const BenchMessage& seen = bench.seen().at(0);
  EXPECT_EQ(seen.header("remote-user"), "ada");
  EXPECT_EQ(seen.header("x-other"), "");
  EXPECT_EQ(seen.raw.find("root"), std::string::npos);
  EXPECT_EQ(seen.raw.find("wheel"), std::string::npos);
}

TEST(ForwardAuth, AnotherResponseIsTheClients) {
  FilterBench bench("forward_auth", kService);
  bench.serviceAnswers("<h1>no</h1>",
                       {{"content-type", "text/html"},
                        {"www-authenticate", "Basic realm=\"a\""},
                        {"server", "auth"},
                        {"x-weir-identity", "spiffe://a/b"}},
                       401);
  const BenchMessage reply = bench.get();
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(reply.body, "<h1>no</h1>");
  EXPECT_EQ(reply.header("content-type"), "text/html");
  EXPECT_EQ(reply.header("www-authenticate"), "Basic realm=\"a\"");
  EXPECT_EQ(reply.header("server"), "weir");
  EXPECT_EQ(reply.header("x-weir-identity"), "");
  EXPECT_EQ(reply.reason, "ext_auth_denied");
  EXPECT_EQ(bench.replies("forward_auth", 401, Reason::kExtAuthDenied), 1U);
  EXPECT_TRUE(bench.seen().empty());
}

TEST(ForwardAuth, ARedirectLeadsTheClientToTheLogin) {
  FilterBench bench("forward_auth", kService);
  bench.serviceAnswers("", {{"location", "https://login.test/?rd=/"}, {"set-cookie", "csrf=1"}},
                       302);
  const BenchMessage reply = bench.get();
  EXPECT_EQ(reply.status, 302);
  EXPECT_EQ(reply.header("location"), "https://login.test/?rd=/");
  EXPECT_EQ(reply.header("set-cookie"), "csrf=1");
  EXPECT_EQ(reply.body, "");
}

TEST(ForwardAuth, ACallGetsTheGrpcStatusOfTheRefusal) {
  FilterBench bench("forward_auth", kService);
  bench.serviceAnswers("no", {{"x-why", "expired"}}, 403);
  const BenchMessage reply = bench.post("", {{"content-type", "application/grpc"}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("grpc-status"), "7");
  EXPECT_EQ(reply.header("x-why"), "expired");
  EXPECT_EQ(reply.body, "");
}

TEST(ForwardAuth, CookiesOfA2xxResponseReachTheClient) {
  FilterBench bench("forward_auth", kService);
  bench.serviceAnswers("", {{"set-cookie", "session=2"}});
  EXPECT_EQ(bench.get().header("set-cookie"), "session=2");
  EXPECT_EQ(bench.seen().at(0).raw.find("session=2"), std::string::npos);
}

TEST(ForwardAuth, CookiesCanBeKeptBack) {
  FilterBench bench("forward_auth", withSettings("set_cookie = false"));
  bench.serviceAnswers("", {{"set-cookie", "session=2"}});
  EXPECT_EQ(bench.get().header("set-cookie"), "");
}

TEST(ForwardAuth, ASilentServiceDeniesAfterTheTimeLimit) {
  FilterBench bench("forward_auth", withSettings("timeout = '2s'"));
  bench.begin("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  bench.pass(Milliseconds(1'900));
  EXPECT_EQ(bench.reply().raw, "");
  bench.pass(Milliseconds(200));
  EXPECT_EQ(bench.reply().status, 503);
  EXPECT_EQ(bench.reply().reason, "ext_auth_error");
  EXPECT_EQ(bench.replies("forward_auth", 503, Reason::kExtAuthError), 1U);
  EXPECT_TRUE(bench.seen().empty());
}

TEST(ForwardAuth, ALateResponseHasNoEffect) {
  FilterBench bench("forward_auth", withSettings("timeout = '1s', on_error = 'allow'"));
  bench.begin("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  bench.pass(Milliseconds(1'100));
  EXPECT_EQ(bench.reply().status, 200);
  EXPECT_EQ(bench.seen().at(0).header("x-weir-auth"), "unavailable");
}

// Five requests wait in vain; the others do not.
void silence(FilterBench& bench) {
  for (int i = 0; i < 5; ++i) {
    bench.begin("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
    bench.pass(Milliseconds(1'050));
    EXPECT_EQ(bench.reply().status, 503);
  }
}

TEST(ForwardAuth, NobodyWaitsForASilentService) {
  FilterBench bench("forward_auth", withSettings("timeout = '1s'"));
  silence(bench);
  const std::size_t asked = bench.asked().size();
  const BenchMessage reply = bench.get();
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.reason, "ext_auth_error");
  EXPECT_EQ(reply.header("retry-after"), "1");
  EXPECT_EQ(bench.asked().size(), asked);
  bench.pass(Milliseconds(1'000));
  bench.serviceAnswers("");
  EXPECT_EQ(bench.get().status, 200);
  EXPECT_EQ(bench.get().status, 200);
}

TEST(ForwardAuth, ASilentServiceDelaysNobodyWhoMayProceedWithoutIt) {
  FilterBench bench("forward_auth", withSettings("timeout = '1s', on_error = 'allow'"));
  for (int i = 0; i < 5; ++i) {
    bench.begin("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
    bench.pass(Milliseconds(1'050));
  }
  EXPECT_EQ(bench.get().status, 200);
  EXPECT_EQ(bench.seen().back().header("x-weir-auth"), "unavailable");
}

TEST(ForwardAuth, AServiceThatFailsIsStillAsked) {
  FilterBench bench("forward_auth", kService);
  bench.serviceAnswers("oops", {}, 500);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(bench.get().status, 500);
  EXPECT_EQ(bench.asked().size(), 10U);
}

TEST(ForwardAuth, RequestsMayProceedWithoutADecision) {
  FilterBench bench("forward_auth",
                    withSettings("on_error = 'allow', response_headers = ['remote-user']"));
  bench.serviceAnswers("", {}, 500);
  EXPECT_EQ(bench.get("/", {{"Remote-User", "root"}, {"X-Weir-Auth", "fine"}}).status, 200);
  EXPECT_EQ(bench.seen().at(0).header("x-weir-auth"), "unavailable");
  EXPECT_EQ(bench.seen().at(0).raw.find("root"), std::string::npos);
  EXPECT_EQ(bench.seen().at(0).raw.find("fine"), std::string::npos);
  bench.serviceAnswers("", {}, 403);
  EXPECT_EQ(bench.get().status, 403);
}

TEST(ForwardAuth, AFailingServiceDenies) {
  FilterBench bench("forward_auth", kService);
  bench.serviceAnswers("oops", {}, 500);
  const BenchMessage reply = bench.get();
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(reply.reason, "ext_auth_error");
  EXPECT_TRUE(bench.seen().empty());
}

TEST(ForwardAuth, AResponseThatIsTooLargeDenies) {
  FilterBench bench("forward_auth", kService);
  bench.serviceAnswers(std::string(64 * 1024 + 1, 'x'));
  EXPECT_EQ(bench.get().reason, "ext_auth_error");
  EXPECT_TRUE(bench.seen().empty());
}

TEST(ForwardAuth, TheServiceReceivesBodiesOnRequest) {
  FilterBench bench("forward_auth", withSettings("body = '200KiB'"));
  bench.serviceAnswers("");
  const std::string body(150'000, 'x');
  EXPECT_EQ(bench.post(body).status, 200);
  EXPECT_EQ(bench.asked().at(0).start, "POST /verify?a=b HTTP/1.1");
  EXPECT_EQ(bench.asked().at(0).body, body);
  EXPECT_EQ(bench.seen().at(0).body, body);
  EXPECT_EQ(bench.get().status, 200);
  EXPECT_EQ(bench.asked().at(1).start, "GET /verify?a=b HTTP/1.1");
  EXPECT_EQ(bench.post("").status, 200);
  bench.serviceAnswers("", {}, 403);
  EXPECT_EQ(bench.post(body).status, 403);
  EXPECT_EQ(bench.seen().size(), 3U);
}

TEST(ForwardAuth, ItsHeadersReachTheUpstreamAlsoWithABody) {
  FilterBench bench("forward_auth",
                    withSettings("body = '1KiB', response_headers = ['remote-user']"));
  bench.serviceAnswers("", {{"remote-user", "ada"}});
  bench.post("hello", {{"Remote-User", "root"}});
  EXPECT_EQ(bench.seen().at(0).header("remote-user"), "ada");
  EXPECT_EQ(bench.seen().at(0).body, "hello");
}

TEST(ForwardAuth, ALargerBodyIsRefused) {
  FilterBench bench("forward_auth", withSettings("body = '4B'"));
  bench.serviceAnswers("");
  EXPECT_EQ(bench.post("four").status, 200);
  EXPECT_EQ(bench.post("fiver").status, 413);
  EXPECT_EQ(bench.asked().size(), 1U);
}

TEST(ForwardAuth, ASilentServiceDeniesRequestsWithBodies) {
  FilterBench bench("forward_auth", withSettings("body = '1KiB', timeout = '1s'"));
  bench.post("hello");
  bench.pass(Milliseconds(1'100));
  EXPECT_EQ(bench.reply().reason, "ext_auth_error");
  EXPECT_TRUE(bench.seen().empty());
}

TEST(ForwardAuth, InShadowModeItDecidesNothing) {
  FilterBench bench("forward_auth", withSettings("mode = 'shadow', body = '1KiB', "
                                                 "response_headers = ['remote-user']"));
  bench.serviceAnswers("no", {{"remote-user", "ada"}}, 403);
  EXPECT_EQ(bench.get().status, 200);
  EXPECT_EQ(bench.post("hello").status, 200);
  EXPECT_EQ(bench.seen().back().body, "hello");
  EXPECT_EQ(bench.seen().back().header("remote-user"), "");
  bench.pass(Milliseconds(100));
  EXPECT_EQ(bench.asked().size(), 2U);
  bench.serviceAnswers("", {{"set-cookie", "a=1"}});
  const BenchMessage reply = bench.get();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("set-cookie"), "");
  bench.pass(Milliseconds(100));
  EXPECT_EQ(bench.counted(decisionsKey(Decision::kDenied, true)), 2U);
  EXPECT_EQ(bench.counted(decisionsKey(Decision::kAllowed, true)), 1U);
  EXPECT_EQ(bench.counted(decisionsKey(Decision::kDenied)), 0U);
}

TEST(ForwardAuth, TheClientMayGoWhileTheServiceDecides) {
  FilterBench bench("forward_auth", kService);
  bench.begin("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n");
  EXPECT_EQ(bench.asked().size(), 1U);
  bench.leave();
  EXPECT_EQ(bench.loggedReason(), Reason::kClientDisconnect);
}

}  // namespace
}  // namespace weir::gateway::forward_auth
