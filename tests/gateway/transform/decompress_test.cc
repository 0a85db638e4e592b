#include "gateway/transform/decompress.h"

#include <gtest/gtest.h>

#include "tests/gateway/transform/coding_samples.h"
#include "tests/support/filter_bench.h"

namespace weir::gateway {
namespace {

using enum ContentCoding;
using test::BenchMessage;
using test::FilterBench;

constexpr ContentCoding kCodings[] = {kGzip, kBr, kZstd};

std::string encodingOf(ContentCoding coding) { return std::string(nameOf(coding)); }

BenchMessage postEncoded(FilterBench& bench, ContentCoding coding, const std::string& body) {
  return bench.post(body, {{"content-encoding", encodingOf(coding)}});
}

TEST(Decompress, RequestsReachTheUpstreamDecoded) {
  FilterBench bench("decompress", "");
  const std::string plain = sampleText(200'000);
  for (const ContentCoding coding : kCodings) {
    EXPECT_EQ(postEncoded(bench, coding, encodedBody(coding, plain)).status, 200);
    const BenchMessage& seen = bench.seen().back();
    EXPECT_EQ(seen.body, plain);
    EXPECT_EQ(seen.header("content-encoding") + seen.header("content-length"), "");
    EXPECT_EQ(bench.counted(decompressKey(coding, DecompressResult::kOk)), 1U);
    EXPECT_EQ(bench.counted(decompressBytesKey(coding, BodyDirection::kOut)), plain.size());
  }
}

TEST(Decompress, OtherRequestsPass) {
  FilterBench bench("decompress", "");
  bench.post("plain");
  bench.post("plain", {{"content-encoding", "identity"}});
  bench.get("/", {{"accept-encoding", "gzip"}});
  for (const BenchMessage& seen : bench.seen()) {
    EXPECT_EQ(seen.body, seen.start.starts_with("GET") ? "" : "plain");
  }
  EXPECT_EQ(bench.seen().at(2).header("accept-encoding"), "gzip");
  EXPECT_EQ(postEncoded(bench, kGzip, "").status, 200);
  EXPECT_EQ(bench.seen().at(3).body, "");
}

TEST(Decompress, UnknownCodingsAreRefused) {
  FilterBench bench("decompress", "");
  for (const char* coding : {"deflate", "gzip, br", "aes128gcm"}) {
    const BenchMessage reply = bench.post("x", {{"content-encoding", coding}});
    EXPECT_EQ(reply.status, 415);
    EXPECT_EQ(reply.header("accept-encoding"), "zstd, br, gzip");
  }
  EXPECT_EQ(bench.replies("decompress", 415, Reason::kTransformError), 3U);
  EXPECT_TRUE(bench.seen().empty());
}

TEST(Decompress, MalformedBodiesAreRefused) {
  FilterBench bench("decompress", "");
  for (const ContentCoding coding : kCodings) {
    const std::string good = encodedBody(coding, "hello");
    EXPECT_EQ(postEncoded(bench, coding, good.substr(0, good.size() - 1)).status, 400);
    EXPECT_EQ(postEncoded(bench, coding, good + "x").status, 400);
    EXPECT_EQ(postEncoded(bench, coding, "not compressed at all").status, 400);
    EXPECT_EQ(bench.counted(decompressKey(coding, DecompressResult::kInvalid)), 3U);
  }
  EXPECT_TRUE(bench.seen().empty());
}

TEST(Decompress, TheSizeIsLimited) {
  FilterBench bench("decompress", "max_size = '100KiB', max_ratio = 100000");
  for (const ContentCoding coding : kCodings) {
    const std::string most = sampleText(100 * 1024);
    EXPECT_EQ(postEncoded(bench, coding, encodedBody(coding, most)).status, 200);
    EXPECT_EQ(postEncoded(bench, coding, encodedBody(coding, most + "x")).status, 413);
    EXPECT_EQ(bench.counted(decompressKey(coding, DecompressResult::kTooLarge)), 1U);
  }
  EXPECT_EQ(bench.replies("decompress", 413, Reason::kBodyTooLarge), 3U);
}

// 9 MiB of zeros: less than the limit for the size, but only some KiB of input.
TEST(Decompress, BombsStopAtTheRatio) {
  FilterBench bench("decompress", "");
  const std::string zeros(9 << 20, '\0');
  for (const ContentCoding coding : kCodings) {
    EXPECT_EQ(postEncoded(bench, coding, encodedBody(coding, zeros)).status, 400);
    EXPECT_LT(bench.counted(decompressBytesKey(coding, BodyDirection::kOut)), 2U << 20);
    // Small bodies may be as regular as they like.
    EXPECT_EQ(postEncoded(bench, coding, encodedBody(coding, zeros.substr(0, 60'000))).status, 200);
  }
}

TEST(Decompress, TheMemoryOfDecodersIsLimited) {
  FilterBench bench("decompress", "max_memory = '16MiB'");
  // Frames of zstd with a window of 8 MiB that never end.
  const std::string head =
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: zstd\r\nContent-Length: 1000\r\n\r\n"
      "\x28\xb5\x2f\xfd";
  const std::string frame = head + std::string("\x00\x68\x08\x00\x00x", 6);
  bench.begin(frame);
  EXPECT_EQ(bench.reply().status, 0);
  bench.begin(frame);
  EXPECT_EQ(bench.reply().status, 503);
  EXPECT_EQ(bench.replies("decompress", 503, Reason::kOverloadMemory), 1U);
}

TEST(Decompress, ResponsesAreDecoded) {
  FilterBench bench("decompress", "responses = true");
  const std::string plain = sampleText(50'000);
  for (const ContentCoding coding : kCodings) {
    bench.answer(encodedBody(coding, plain),
                 {{"content-encoding", encodingOf(coding)}, {"etag", "\"1\""}});
    const BenchMessage reply = bench.get("/");
    EXPECT_EQ(bench.seen().back().header("accept-encoding"), "zstd, br, gzip");
    EXPECT_EQ(reply.body, plain);
    EXPECT_EQ(reply.header("content-encoding"), "");
    EXPECT_EQ(reply.header("etag"), "W/\"1\"");
  }
  bench.answer("bytes", {{"content-encoding", "exotic"}});
  EXPECT_EQ(bench.get("/").header("content-encoding"), "exotic");
  bench.answer("bytes", {{"content-encoding", "gzip"}, {"content-range", "bytes 0-4/9"}}, 206);
  EXPECT_EQ(bench.get("/", {{"range", "bytes=0-4"}}).body, "bytes");
  EXPECT_EQ(bench.seen().back().header("accept-encoding"), "identity");
}

TEST(Decompress, MalformedResponsesAreReplaced) {
  FilterBench bench("decompress", "responses = true");
  bench.answer("this is not gzip", {{"content-encoding", "gzip"}});
  bench.get("/");
  EXPECT_EQ(bench.loggedReason(), Reason::kTransformError);
}

// The client's coding, whatever that of the upstream.
TEST(Decompress, ResponsesMayBeCompressedAgain) {
  FilterBench bench("[{ compress = {} }, { decompress = { responses = true } }]");
  const std::string plain = sampleText(50'000);
  bench.answer(encodedBody(kGzip, plain),
               {{"content-encoding", "gzip"}, {"content-type", "text/plain"}});
  const BenchMessage reply = bench.get("/", {{"accept-encoding", "br"}});
  EXPECT_EQ(reply.header("content-encoding"), "br");
  EXPECT_EQ(decodedBody(kBr, reply.body), plain);
}

}  // namespace
}  // namespace weir::gateway
