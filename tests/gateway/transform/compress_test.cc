#include "gateway/transform/compress.h"

#include <gtest/gtest.h>

#include "tests/gateway/transform/coding_samples.h"
#include "tests/support/filter_bench.h"

namespace weir::gateway {
namespace {

using enum ContentCoding;
using test::BenchMessage;
using test::FilterBench;
using Fields = FilterBench::Headers;

const Fields kAcceptsGzip = {{"accept-encoding", "gzip"}};

class CompressTest : public testing::Test {
 protected:
  CompressTest() { answerWith({}); }

  // A JSON body with these fields.
  void answerWith(Fields fields, int status = 200) {
    fields.emplace_back("content-type", "application/json");
    bench.answer(plain, fields, status);
  }
  void answerType(std::string_view type) {
    bench.answer(plain, {{"content-type", std::string(type)}});
  }
  std::string coding(const Fields& fields = kAcceptsGzip) {
    return bench.get("/", fields).header("content-encoding");
  }
  std::uint64_t counted(ContentCoding of, CompressResult result) {
    return bench.counted(compressKey(of, result));
  }

  const std::string plain = sampleText(20'000);
  FilterBench bench{"compress", ""};
};

TEST_F(CompressTest, EachCodingDecodesToTheSameBytes) {
  answerWith({{"etag", "\"v1\""}, {"accept-ranges", "bytes"}, {"content-digest", "sha-256=:x:"}});
  for (const ContentCoding of : {kGzip, kBr, kZstd}) {
    const BenchMessage reply = bench.get("/", {{"accept-encoding", std::string(nameOf(of))}});
    EXPECT_EQ(reply.header("content-encoding"), nameOf(of));
    EXPECT_EQ(decodedBody(of, reply.body), plain);
    EXPECT_LT(reply.body.size(), plain.size() / 2);
    EXPECT_EQ(reply.header("vary"), "Accept-Encoding");
    EXPECT_EQ(reply.header("etag"), "W/\"v1\"");
    EXPECT_EQ(reply.header("accept-ranges") + reply.header("content-digest"), "");
    EXPECT_EQ(reply.header("content-length"), "");
    EXPECT_TRUE(reply.raw.ends_with("\r\n0\r\n\r\n"));
    EXPECT_EQ(counted(of, CompressResult::kOk), 1U);
    EXPECT_EQ(bench.counted(compressBytesKey(of, BodyDirection::kIn)), plain.size());
    EXPECT_EQ(bench.counted(compressBytesKey(of, BodyDirection::kOut)), reply.body.size());
  }
}

TEST_F(CompressTest, OtherClientsReceiveTheBodyAndVary) {
  answerWith({{"etag", "\"v1\""}, {"vary", "Origin"}});
  const BenchMessage reply = bench.get("/");
  EXPECT_EQ(reply.header("content-encoding"), "");
  EXPECT_EQ(reply.header("etag"), "\"v1\"");
  EXPECT_EQ(reply.header("vary"), "Origin, Accept-Encoding");
  EXPECT_EQ(reply.body, plain);
  answerWith({{"vary", "accept-encoding"}});
  EXPECT_EQ(bench.get("/").header("vary"), "accept-encoding");
}

TEST_F(CompressTest, SomeResponsesAreLeftAlone) {
  const Fields left_alone[] = {{{"content-encoding", "br"}},
                               {{"cache-control", "max-age=1, No-Transform"}},
                               {{"content-range", "bytes 0-9/100"}}};
  for (const Fields& fields : left_alone) {
    answerWith(fields);
    const BenchMessage reply = bench.get("/", kAcceptsGzip);
    EXPECT_EQ(reply.body, plain);
    EXPECT_EQ(reply.header("vary"), "");
  }
  answerWith({{"content-range", "bytes 0-19999/20000"}}, 206);
  EXPECT_EQ(bench.get("/", kAcceptsGzip).body, plain);
  bench.answer(plain.substr(0, 1023), {{"content-type", "text/plain"}});
  EXPECT_EQ(coding(), "");
  bench.answer(plain.substr(0, 1024), {{"content-type", "text/plain"}});
  EXPECT_EQ(coding(), "gzip");
  bench.answer(plain);
  EXPECT_EQ(coding(), "");
}

TEST_F(CompressTest, OnlySomeTypesAreCompressed) {
  for (const char* type : {"text/html; charset=utf-8", "TEXT/CSS", "application/problem+json",
                           "image/svg+xml", "application/wasm", "application/x-ndjson"}) {
    answerType(type);
    EXPECT_EQ(coding(), "gzip") << type;
  }
  for (const char* type : {"image/png", "text", "application/jsonp", "text/event-stream",
                           "application/grpc+json", "application/grpc-web-text"}) {
    answerType(type);
    EXPECT_EQ(coding(), "") << type;
  }
}

TEST(Compress, TypesAndEncodingsAreSettings) {
  FilterBench bench("compress", "types = ['image/bmp'], encodings = ['gzip'], min_size = '2KiB'");
  const std::string plain = sampleText(3000);
  bench.answer(plain, {{"content-type", "image/bmp"}});
  EXPECT_EQ(bench.get("/", {{"accept-encoding", "br, gzip"}}).header("content-encoding"), "gzip");
  EXPECT_EQ(bench.get("/", {{"accept-encoding", "br"}}).body, plain);
  bench.answer(plain, {{"content-type", "text/html"}});
  EXPECT_EQ(bench.get("/", {{"accept-encoding", "gzip"}}).body, plain);
  bench.answer(plain.substr(0, 2000), {{"content-type", "image/bmp"}});
  EXPECT_EQ(bench.get("/", {{"accept-encoding", "gzip"}}).header("content-encoding"), "");
}

TEST_F(CompressTest, HeadHasTheFieldsOfGet) {
  bench.answerRaw(
      "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5000\r\netag: \"1\"\r\n\r\n");
  bench.begin("HEAD / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\n");
  const BenchMessage reply = bench.reply();
  EXPECT_EQ(reply.header("content-encoding"), "br");
  EXPECT_EQ(reply.header("content-length"), "");
  EXPECT_EQ(reply.header("etag"), "W/\"1\"");
  EXPECT_EQ(reply.header("vary"), "Accept-Encoding");
  EXPECT_EQ(counted(kBr, CompressResult::kOk), 0U);
}

TEST_F(CompressTest, NotModifiedHasTheTagThatTheClientKnows) {
  bench.answerRaw("HTTP/1.1 304 Not Modified\r\netag: \"v1\"\r\n\r\n");
  const BenchMessage weak =
      bench.get("/", {{"accept-encoding", "gzip"}, {"if-none-match", "W/\"v0\", W/\"v1\""}});
  EXPECT_EQ(bench.seen().back().header("if-none-match"), "W/\"v0\", W/\"v1\"");
  EXPECT_EQ(weak.header("etag"), "W/\"v1\"");
  EXPECT_EQ(weak.header("vary"), "Accept-Encoding");
  EXPECT_EQ(bench.get("/", {{"if-none-match", "\"v1\""}}).header("etag"), "\"v1\"");
}

TEST(Compress, TagsAreRestoredForServersThatCompareBytes) {
  FilterBench bench("compress", "restore_etag = true");
  bench.answerRaw("HTTP/1.1 304 Not Modified\r\netag: \"v1\"\r\n\r\n");
  const BenchMessage reply = bench.get("/", {{"if-none-match", "W/\"v1\", \"W/x\", W/\"v2\""}});
  EXPECT_EQ(bench.seen().at(0).header("if-none-match"), "\"v1\", \"W/x\", \"v2\"");
  EXPECT_EQ(reply.header("etag"), "W/\"v1\"");
}

TEST_F(CompressTest, SecretsAreNotCompressedForOtherSites) {
  const Fields cross = {{"accept-encoding", "gzip"}, {"sec-fetch-site", "cross-site"}};
  EXPECT_EQ(coding(cross), "gzip");
  for (const char* credential : {"cookie", "authorization"}) {
    Fields with = cross;
    with.emplace_back(credential, "secret");
    EXPECT_EQ(coding(with), "");
    with[1].second = "same-site";
    EXPECT_EQ(coding(with), "gzip");
  }
  EXPECT_EQ(counted(kGzip, CompressResult::kGuarded), 2U);
}

// Output is held back for 20 ms, and the rest until the end.
TEST_F(CompressTest, APauseOfTheUpstreamFlushes) {
  bench.answerRaw(
      "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n");
  bench.begin("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
  const auto so_far = [&] { return decodedBody(kGzip, bench.reply().body); };
  EXPECT_EQ(so_far(), "");
  bench.pass(Milliseconds(12));
  EXPECT_EQ(so_far(), "");
  bench.pass(Milliseconds(12));
  EXPECT_EQ(so_far(), "hello");
  const std::string flushed = bench.reply().raw;
  bench.pass(Milliseconds(500));
  EXPECT_EQ(bench.reply().raw, flushed);
  bench.leave();
}

TEST(Compress, PiecesMayBeFlushedAtOnce) {
  FilterBench bench("compress", "flush_after = '0s', sse = true");
  for (const char* type : {"text/plain", "text/event-stream"}) {
    bench.answerRaw("HTTP/1.1 200 OK\r\ncontent-type: " + std::string(type) +
                    "\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n");
    bench.begin("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: zstd\r\n\r\n");
    EXPECT_EQ(decodedBody(kZstd, bench.reply().body), "hello");
    bench.leave();
  }
}

TEST(Compress, BeyondItsLimitBodiesAreSentAsTheyAre) {
  FilterBench bench("compress", "max_active = 1");
  const std::string part =
      "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n";
  const std::string request = "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n";
  bench.answerRaw(part);
  bench.begin(request);
  EXPECT_EQ(bench.reply().header("content-encoding"), "gzip");
  bench.answerRaw(part + "0\r\n\r\n");
  {
    const BenchMessage second = bench.get("/", {{"accept-encoding", "gzip"}});
    EXPECT_EQ(second.header("content-encoding"), "");
    EXPECT_EQ(second.header("vary"), "Accept-Encoding");
    EXPECT_EQ(second.body, "hello");
  }
  EXPECT_EQ(bench.counted(compressKey(kGzip, CompressResult::kBusy)), 1U);
}

// A large body in a row of filters: all output of one call need not fit.
TEST(Compress, LargeBodiesPassInPieces) {
  FilterBench bench("compress", "encodings = ['zstd']");
  Random random(3);
  std::string noise(3'000'000, '\0');
  for (char& c : noise) c = static_cast<char>(random.next());
  bench.answer(noise, {{"content-type", "text/plain"}});
  EXPECT_EQ(decodedBody(kZstd, bench.get("/", {{"accept-encoding", "zstd"}}).body), noise);
}

}  // namespace
}  // namespace weir::gateway
