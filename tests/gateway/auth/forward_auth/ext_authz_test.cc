#include "gateway/auth/forward_auth/ext_authz.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/base/protobuf.h"
#include "core/http/grpc_frame.h"
#include "tests/support/filter_bench.h"

namespace weir::gateway::forward_auth {
namespace {

using test::BenchMessage;
using test::FilterBench;

constexpr std::string_view kGrpcService = "upstream = 'service', style = 'grpc'";

ProtoWriter status(std::uint64_t code) { return ProtoWriter().number(1, code); }

ProtoWriter header(std::string_view name, std::string_view value, std::uint64_t action = 0) {
  ProtoWriter option;
  option.message(1, ProtoWriter().text(1, name).text(2, value)).number(3, action);
  return option;
}

ProtoWriter appended(std::string_view name, std::string_view value, bool append) {
  ProtoWriter option = header(name, value);
  option.message(2, ProtoWriter().flag(1, append));
  return option;
}

ProtoWriter allowed(const ProtoWriter& ok) {
  return ProtoWriter().message(1, status(0)).message(3, ok);
}

ProtoWriter denied(std::uint64_t http_status, const ProtoWriter& more = {}) {
  ProtoWriter refusal = more;
  refusal.message(1, ProtoWriter().number(1, http_status));
  return ProtoWriter().message(1, status(7)).message(2, refusal);
}

void answer(FilterBench& bench, const ProtoWriter& message) {
  const auto prefix = http::grpcPrefix(message.bytes().size());
  bench.serviceAnswers(std::string(prefix.data(), prefix.size()) + message.bytes(),
                       {{"content-type", "application/grpc"}, {"grpc-status", "0"}});
}

// The field at a path of numbers; empty if it is missing.
std::string_view at(std::string_view message, std::initializer_list<std::uint32_t> path) {
  for (const std::uint32_t number : path) {
    ProtoReader reader(message);
    ProtoField field;
    std::string_view found;
    while (reader.next(field)) {
      if (field.number == number) found = field.text;
    }
    message = found;
  }
  return message;
}

std::string_view askedHeader(std::string_view http, std::string_view name) {
  ProtoReader reader(http);
  ProtoField field;
  while (reader.next(field)) {
    if (field.number == 3 && at(field.text, {1}) == name) return at(field.text, {2});
  }
  return {};
}

Answer read(const ProtoWriter& message, std::vector<std::string> accepted = {"*"}) {
  Settings settings;
  settings.style = Style::kGrpc;
  settings.response_headers = std::move(accepted);
  return readCheckResponse(message.bytes(), settings);
}

TEST(ExtAuthz, TheServiceLearnsOfTheRequest) {
  FilterBench bench("forward_auth", std::string(kGrpcService) + ", context = { tenant = 'shop' }");
  answer(bench, allowed({}));
  EXPECT_EQ(bench
                .get("/orders?id=7", {{"Cookie", "a=1"},
                                      {"X-Two", "1"},
                                      {"x-two", "2"},
                                      {"X-Odd", "caf\xe9 \xc3\xa9"},
                                      {"If-None-Match", "*"}})
                .status,
            200);
  const BenchMessage& asked = bench.asked().at(0);
  EXPECT_EQ(asked.start, "POST /envoy.service.auth.v3.Authorization/Check HTTP/1.1");
  EXPECT_EQ(asked.header("content-type"), "application/grpc");
  EXPECT_EQ(asked.header("grpc-timeout"), "1000m");
  const std::string_view attributes = at(std::string_view(asked.body).substr(5), {1});
  EXPECT_EQ(at(attributes, {1, 1, 1, 2}), "203.0.113.7");
  EXPECT_EQ(at(attributes, {10, 1}), "tenant");
  EXPECT_EQ(at(attributes, {10, 2}), "shop");
  const std::string_view http = at(attributes, {4, 2});
  EXPECT_EQ(at(http, {2}), "GET");
  EXPECT_EQ(at(http, {4}), "/orders?id=7");
  EXPECT_EQ(at(http, {5}), "shop.test");
  EXPECT_EQ(at(http, {6}), "http");
  EXPECT_EQ(at(http, {10}), "HTTP/1.1");
  EXPECT_EQ(askedHeader(http, "cookie"), "a=1");
  EXPECT_EQ(askedHeader(http, "x-two"), "1,2");
  EXPECT_EQ(askedHeader(http, "x-odd"), "caf! \xc3\xa9");
  EXPECT_EQ(askedHeader(http, "if-none-match"), "");
  EXPECT_NE(askedHeader(http, "x-forwarded-for"), "x");
}

TEST(ExtAuthz, TheServiceLearnsAnAddressOfVersion6) {
  FilterBench bench("forward_auth", kGrpcService);
  answer(bench, allowed({}));
  bench.from("2001:db8::1");
  EXPECT_EQ(bench.get().status, 200);
  const std::string_view attributes = at(std::string_view(bench.asked().at(0).body).substr(5), {1});
  EXPECT_EQ(at(attributes, {1, 1, 1, 2}), "2001:db8::1");
}

TEST(ExtAuthz, TheServiceReceivesBodiesOnRequest) {
  FilterBench bench("forward_auth", std::string(kGrpcService) + ", body = '1KiB'");
  answer(bench, allowed({}));
  EXPECT_EQ(bench.post("hello").status, 200);
  EXPECT_EQ(bench.post("\xff\xfe").status, 200);
  const auto body = [&bench](std::size_t number, std::uint32_t field) {
    return std::string(
        at(std::string_view(bench.asked().at(number).body).substr(5), {1, 4, 2, field}));
  };
  EXPECT_EQ(body(0, 11), "hello");
  EXPECT_EQ(body(1, 11), "");
  EXPECT_EQ(body(1, 12), "\xff\xfe");
  EXPECT_EQ(bench.seen().at(1).body, "\xff\xfe");
}

TEST(ExtAuthz, HeadersOfAnAdmissionReachTheUpstream) {
  FilterBench bench("forward_auth", std::string(kGrpcService) + ", response_headers = ['*']");
  ProtoWriter ok;
  ok.message(2, header("x-user", "ann")).message(2, appended("x-more", "2", true));
  ok.message(2, header("x-new", "n", 1)).message(2, header("x-old", "n", 1));
  ok.message(2, header("x-old", "m", 3)).message(2, header("x-absent", "m", 3));
  ok.message(2, header("host", "evil")).message(2, header(":path", "/evil"));
  ok.message(2, header("x-weir-identity", "spiffe://evil")).message(2, header("x-empty", ""));
  ok.text(5, "x-secret").text(5, "host").text(5, ":method");
  ok.message(6, header("x-to-client", "yes"));
  answer(bench, allowed(ok));
  const BenchMessage reply = bench.get(
      "/",
      {{"x-user", "root"}, {"x-more", "1"}, {"x-old", "o"}, {"x-empty", "e"}, {"X.Secret", "s"}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("x-to-client"), "yes");
  const BenchMessage& seen = bench.seen().at(0);
  EXPECT_EQ(seen.start, "GET / HTTP/1.1");
  EXPECT_EQ(seen.header("host"), "shop.test");
  EXPECT_EQ(seen.header("x-user"), "ann");
  EXPECT_NE(seen.raw.find("x-more: 1"), std::string::npos);
  EXPECT_NE(seen.raw.find("x-more: 2"), std::string::npos);
  EXPECT_EQ(seen.header("x-new"), "n");
  EXPECT_EQ(seen.header("x-old"), "m");
  EXPECT_EQ(seen.header("x-absent"), "");
  EXPECT_EQ(seen.header("x-weir-identity"), "");
  for (const char* gone : {"root", "evil", "X.Secret", "x-empty"}) {
    EXPECT_EQ(seen.raw.find(gone), std::string::npos) << gone;
  }
}

TEST(ExtAuthz, OnlyListedHeadersReachTheUpstream) {
  FilterBench bench("forward_auth", std::string(kGrpcService) + ", response_headers = ['x-user']");
  ProtoWriter ok;
  ok.message(2, header("X-User", "ann")).message(2, header("x-other", "1"));
  answer(bench, allowed(ok));
  bench.get();
  EXPECT_EQ(bench.seen().at(0).header("x-user"), "ann");
  EXPECT_EQ(bench.seen().at(0).header("x-other"), "");
}

TEST(ExtAuthz, ParametersOfTheQueryCanBeChanged) {
  FilterBench bench("forward_auth", kGrpcService);
  ProtoWriter ok;
  ok.message(7, ProtoWriter().text(1, "user").text(2, "ann & co")).text(8, "token");
  answer(bench, allowed(ok));
  bench.get("/a?token=1&keep=2&us%65r=3&token");
  EXPECT_EQ(bench.seen().at(0).start, "GET /a?keep=2&user=ann%20%26%20co HTTP/1.1");
  bench.get("/a?token=1");
  EXPECT_EQ(bench.seen().at(1).start, "GET /a?user=ann%20%26%20co HTTP/1.1");
}

TEST(ExtAuthz, ARefusalIsTheClientsResponse) {
  FilterBench bench("forward_auth", kGrpcService);
  ProtoWriter more;
  more.message(2, header("location", "https://login.test/")).message(2, header("server", "x"));
  more.message(2, header("content-type", "text/plain")).text(3, "log in");
  answer(bench, denied(302, more));
  const BenchMessage reply = bench.get();
  EXPECT_EQ(reply.status, 302);
  EXPECT_EQ(reply.header("location"), "https://login.test/");
  EXPECT_EQ(reply.header("server"), "weir");
  EXPECT_EQ(reply.header("content-type"), "text/plain");
  EXPECT_EQ(reply.body, "log in");
  EXPECT_EQ(reply.reason, "ext_auth_denied");
  EXPECT_TRUE(bench.seen().empty());
}

TEST(ExtAuthz, WithoutAStatusARefusalIs403) {
  FilterBench bench("forward_auth", kGrpcService);
  for (const std::uint64_t code : {0U, 100U, 200U, 204U, 600U, 70'000U}) {
    answer(bench, denied(code));
    EXPECT_EQ(bench.get().status, 403) << code;
  }
  answer(bench, ProtoWriter().message(1, status(16)));
  EXPECT_EQ(bench.get().status, 403);
  EXPECT_EQ(bench.post("", {{"content-type", "application/grpc"}}).header("grpc-status"), "16");
}

TEST(ExtAuthz, AFailureDeniesOrAllows) {
  for (const bool allow : {false, true}) {
    FilterBench bench("forward_auth",
                      std::string(kGrpcService) + (allow ? ", on_error = 'allow'" : ""));
    const int expected = allow ? 200 : 503;
    bench.serviceAnswers("", {{"content-type", "application/grpc"}, {"grpc-status", "14"}});
    EXPECT_EQ(bench.get().status, expected);
    bench.serviceAnswers("<html>", {{"content-type", "text/html"}});
    EXPECT_EQ(bench.get().status, expected);
    answer(bench, ProtoWriter().message(1, status(0)).message(5, ProtoWriter()));
    EXPECT_EQ(bench.get().status, expected);
    answer(bench, {});
    EXPECT_EQ(bench.get().status, expected);
    answer(bench, ProtoWriter().number(1, 7));
    EXPECT_EQ(bench.get().status, expected);
    EXPECT_EQ(bench.seen().size(), allow ? 5U : 0U);
  }
}

TEST(ExtAuthz, ContradictionsDeny) {
  EXPECT_EQ(read(ProtoWriter().message(1, status(0)).message(2, ProtoWriter())).kind,
            Answer::Kind::kDenied);
  EXPECT_EQ(read(ProtoWriter().message(1, status(5)).message(3, ProtoWriter())).kind,
            Answer::Kind::kDenied);
  EXPECT_EQ(read(ProtoWriter().message(3, ProtoWriter())).kind, Answer::Kind::kAllowed);
}

TEST(ExtAuthz, AnswersAreLimited) {
  ProtoWriter most;
  for (std::size_t i = 0; i < Answer::kMostFields; ++i) most.message(2, header("x", "1"));
  EXPECT_EQ(read(allowed(most)).kind, Answer::Kind::kAllowed);
  most.text(5, "y");
  EXPECT_EQ(read(allowed(most)).kind, Answer::Kind::kFailed);
  const std::string body(Answer::kMostBody, 'x');
  EXPECT_EQ(read(denied(403, ProtoWriter().text(3, body))).kind, Answer::Kind::kDenied);
  EXPECT_EQ(read(denied(403, ProtoWriter().text(3, body + "x"))).kind, Answer::Kind::kFailed);
}

TEST(ExtAuthz, ValuesThatWouldEndALineAreFailures) {
  for (const char* value : {"a\r\nx: y", "a\nb", "a\rb", "\x01"}) {
    EXPECT_EQ(read(allowed(ProtoWriter().message(2, header("x", value)))).kind,
              Answer::Kind::kFailed);
    EXPECT_EQ(read(denied(403, ProtoWriter().message(2, header("x", value)))).kind,
              Answer::Kind::kFailed);
  }
  EXPECT_EQ(read(allowed(ProtoWriter().message(2, header("x y", "1")))).kind,
            Answer::Kind::kFailed);
  EXPECT_EQ(read(allowed(ProtoWriter().message(2, header("", "1")))).kind, Answer::Kind::kFailed);
}

TEST(ExtAuthz, CookiesAreNotKept) {
  EXPECT_EQ(read(denied(403, ProtoWriter().message(2, header("set-cookie", "a=1")))).fresh,
            Milliseconds(0));
  EXPECT_EQ(read(allowed(ProtoWriter().message(6, header("set-cookie", "a=1")))).fresh,
            Milliseconds(0));
  EXPECT_EQ(read(allowed({})).fresh, std::nullopt);
}

TEST(ExtAuthz, AnswersCanBeCached) {
  FilterBench bench("forward_auth",
                    std::string(kGrpcService) + ", cache = { key = ['header:authorization'] }");
  answer(bench, allowed({}));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(bench.get("/", {{"authorization", "Bearer ann"}}).status, 200);
  }
  EXPECT_EQ(bench.asked().size(), 1U);
}

}  // namespace
}  // namespace weir::gateway::forward_auth
