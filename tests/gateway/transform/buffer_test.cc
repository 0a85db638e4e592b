#include "gateway/transform/buffer.h"

#include <gtest/gtest.h>

#include "tests/support/filter_bench.h"

namespace weir::gateway {
namespace {

using test::BenchMessage;
using test::FilterBench;

constexpr std::string_view kChunkedRequest =
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST(Buffer, RequestsAreForwardedOnceTheyAreComplete) {
  FilterBench bench("buffer", "max_request = '10B'");
  bench.begin(kChunkedRequest);
  bench.send("5\r\nhello\r\n");
  EXPECT_TRUE(bench.seen().empty());
  bench.send("0\r\n\r\n");
  EXPECT_EQ(bench.seen().at(0).body, "hello");
  EXPECT_EQ(bench.seen().at(0).header("content-length"), "5");
  EXPECT_EQ(bench.reply().status, 200);
}

TEST(Buffer, TrailersNeedChunks) {
  FilterBench bench("buffer", "max_request = '10B'");
  bench.begin(std::string(kChunkedRequest) + "1\r\nx\r\n0\r\nx-sum: 1\r\n\r\n");
  EXPECT_EQ(bench.seen().at(0).header("transfer-encoding"), "chunked");
  EXPECT_EQ(bench.seen().at(0).body, "x");
}

TEST(Buffer, LargerRequestsAreRefused) {
  FilterBench bench("buffer", "max_request = '10B'");
  EXPECT_EQ(bench.post("0123456789").status, 200);
  EXPECT_EQ(bench.post("0123456789x").status, 413);
  bench.begin(std::string(kChunkedRequest) + "b\r\n0123456789x\r\n");
  EXPECT_EQ(bench.reply().status, 413);
  EXPECT_EQ(bench.replies("buffer", 413, Reason::kBodyTooLarge), 2U);
  EXPECT_EQ(bench.seen().size(), 1U);
}

TEST(Buffer, ResponsesGetTheirLength) {
  FilterBench bench("buffer", "max_response = '10B'");
  bench.answerRaw(
      "HTTP/1.1 200 OK\r\netag: \"1\"\r\ntransfer-encoding: "
      "chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
  const BenchMessage reply = bench.get("/");
  EXPECT_EQ(reply.header("content-length"), "5");
  EXPECT_EQ(reply.header("etag"), "\"1\"");
  EXPECT_EQ(reply.body, "hello");
  bench.answer("0123456789x");
  EXPECT_EQ(bench.get("/").status, 502);
}

TEST(Buffer, StreamsPass) {
  FilterBench bench("buffer", "max_response = '10B', max_request = '10B'");
  bench.answerRaw(
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n");
  EXPECT_EQ(bench.get("/").body, "hello");
  bench.leave();
}

}  // namespace
}  // namespace weir::gateway
