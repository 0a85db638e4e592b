#include "gateway/transform/grpc_web.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/filter_bench.h"

namespace weir::gateway {
namespace {

using namespace std::string_literals;
using test::BenchMessage;
using test::FilterBench;

class GrpcWebTest : public testing::Test {
 protected:
  GrpcWebTest() { answer("\0\0\0\0\1x"s, "grpc-status: 0\r\n"); }

  BenchMessage call(std::string_view type, std::string_view body) {
    return bench.post(body, {{"content-type", std::string(type)}});
  }
  // A response in one chunk with trailers.
  void answer(const std::string& message, const std::string& trailers) {
    bench.answerRaw(
        "HTTP/1.1 200 OK\r\ncontent-type: application/grpc+proto\r\n"
        "transfer-encoding: chunked\r\ntrailer: grpc-status\r\n\r\n" +
        (message.empty() ? "" : std::to_string(message.size()) + "\r\n" + message + "\r\n") +
        "0\r\n" + trailers + "\r\n");
  }

  FilterBench bench{"grpc_web", ""};
};

TEST_F(GrpcWebTest, OtherRequestsPassUnchanged) {
  bench.answer("answer", {{"etag", "\"1\""}, {"content-type", "text/plain"}});
  const BenchMessage reply = call("application/json", "body");
  EXPECT_EQ(bench.seen().at(0).header("content-type"), "application/json");
  EXPECT_EQ(bench.seen().at(0).header("content-length"), "4");
  EXPECT_EQ(bench.seen().at(0).body, "body");
  EXPECT_EQ(reply.header("content-type"), "text/plain");
  EXPECT_EQ(reply.header("etag"), "\"1\"");
  EXPECT_EQ(reply.body, "answer");
}

TEST_F(GrpcWebTest, BinaryRequestsOnlyChangeTheirType) {
  call("application/grpc-web+proto", "\0\0\0\0\1x"s);
  EXPECT_EQ(bench.seen().at(0).header("content-type"), "application/grpc+proto");
  EXPECT_EQ(bench.seen().at(0).header("content-length"), "6");
  EXPECT_EQ(bench.seen().at(0).header("te"), "trailers");
  EXPECT_EQ(bench.seen().at(0).body, "\0\0\0\0\1x"s);
}

TEST_F(GrpcWebTest, TrailersBecomeTheLastFrame) {
  const BenchMessage reply = call("application/grpc-web+proto", "");
  EXPECT_EQ(reply.header("content-type"), "application/grpc-web+proto");
  EXPECT_EQ(reply.body, "\0\0\0\0\1x\x80\0\0\0\x10grpc-status: 0\r\n"s);
  EXPECT_TRUE(reply.raw.ends_with("\r\n0\r\n\r\n"));
}

TEST_F(GrpcWebTest, TextIsDecodedWhateverThePieces) {
  bench.begin(
      "POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Type: application/grpc-web-text\r\n"
      "Content-Length: 20\r\nContent-Digest: sha-256=:x:\r\n\r\n");
  for (const char c : "aGVsbG8=IHdvcmxkISEh"s) bench.send(std::string(1, c));
  EXPECT_EQ(bench.seen().at(0).header("content-type"), "application/grpc");
  EXPECT_EQ(bench.seen().at(0).header("content-length"), "");
  EXPECT_EQ(bench.seen().at(0).header("content-digest"), "");
  EXPECT_EQ(bench.seen().at(0).body, "hello world!!!");
}

TEST_F(GrpcWebTest, ALongTextIsDecoded) {
  std::string text;
  std::string plain;
  for (int i = 0; i < 50'000; ++i) {
    text += "YWJj";
    plain += "abc";
  }
  call("application/grpc-web-text", text);
  EXPECT_EQ(bench.seen().at(0).body, plain);
}

class InvalidText : public GrpcWebTest, public testing::WithParamInterface<const char*> {};

TEST_P(InvalidText, IsRefused) {
  // 13 (INTERNAL) is the status of a call for 400. Its HTTP status is 200.
  EXPECT_EQ(call("application/grpc-web-text", GetParam()).header("grpc-status"), "13");
  EXPECT_EQ(bench.replies("grpc_web", 200, Reason::kBadRequest), 1U);
  EXPECT_TRUE(bench.seen().empty());
}

INSTANTIATE_TEST_SUITE_P(GrpcWeb, InvalidText, testing::Values("!!!!", "abc", "=abc", "ab=c"));

TEST_F(GrpcWebTest, ResponsesToTextAreText) {
  answer("hello", "");
  const BenchMessage reply = call("application/grpc-web-text+proto", "");
  EXPECT_EQ(reply.header("content-type"), "application/grpc-web-text+proto");
  EXPECT_EQ(reply.body, "aGVsbG8=gAAAAAA=");
}

// A local reply to a gRPC call has its status in the head.
TEST_F(GrpcWebTest, ALocalReplyHasTheTypeOfTheRequest) {
  bench.answerRaw("nonsense\r\n\r\n");
  const BenchMessage reply = call("application/grpc-web+proto", "");
  EXPECT_EQ(reply.header("content-type"), "application/grpc-web+proto");
  EXPECT_EQ(reply.header("grpc-status"), "14");
}

TEST_F(GrpcWebTest, AHeadWithoutBodyKeepsItsStatus) {
  bench.answerRaw("HTTP/1.1 204 No Content\r\ngrpc-status: 5\r\n\r\n");
  const BenchMessage reply = call("application/grpc-web", "");
  EXPECT_EQ(reply.header("grpc-status"), "5");
  EXPECT_EQ(reply.body, "");
}

// A filter of requests may wait: the text is decoded all the same, after the head has passed.
TEST(GrpcWeb, FollowsAFilterThatWaits) {
  FilterBench bench("[{ fault = { delay = { fixed = '1s', percent = 100 } } }, { grpc_web = {} }]");
  bench.begin(
      "POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Type: application/grpc-web-text\r\n"
      "Content-Length: 8\r\n\r\nAAAAAAA=");
  bench.pass(Milliseconds(1'100));
  EXPECT_EQ(bench.seen().at(0).body, "\0\0\0\0\0"s);
}

}  // namespace
}  // namespace weir::gateway
