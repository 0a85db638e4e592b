#include "core/http/h2/field_cutter.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/core/http/h2/pair.h"

// A field of more than 64 KiB, at both ends of a connection: only its stream fails, and the HPACK
// state for later blocks stays in sync.
namespace weir::http::h2 {
namespace {

using test::CodecPair;

constexpr char kHeadersType = 1;
constexpr char kContinuationType = 9;
constexpr char kEndStream = 0x01;
constexpr char kEndHeaders = 0x04;
constexpr std::size_t kFrame = 16 * 1024;
// GET http://a/ without indexing.
const std::string kGetA =
    "\x82\x86\x84\x01\x01"
    "a";
constexpr std::string_view kStatus200 = "\x88";
constexpr std::string_view kIndexed = "\x40";  // kinds of literal: with incremental indexing
constexpr std::string_view kUnindexed("\x00", 1);
constexpr std::string_view kNeverIndexed = "\x10";
constexpr std::string_view kNewest = "\xbe";  // index 62, the latest entry

std::string sizeOf(std::size_t size, bool huffman = false) {
  const char mark = huffman ? '\x80' : '\0';
  if (size < 127) return {static_cast<char>(size | static_cast<unsigned char>(mark))};
  std::string text{static_cast<char>(0x7F | mark)};
  for (size -= 127; size >= 128; size >>= 7) text += static_cast<char>(size | 0x80);
  return text + static_cast<char>(size);
}

std::string field(std::string_view kind, const std::string& name, const std::string& value,
                  bool huffman = false) {
  std::string text(kind);
  text += sizeOf(name.size()) + name;
  return text + sizeOf(value.size(), huffman) + value;
}

std::string frameOf(char type, char flags, unsigned stream, std::string_view payload) {
  std::string text;
  for (const unsigned shift : {16U, 8U, 0U}) text += static_cast<char>(payload.size() >> shift);
  text += type;
  text += flags;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) text += static_cast<char>(stream >> shift);
  return text.append(payload);
}

// A header block in frames of at most `most` bytes, without a body.
std::string blockOf(unsigned stream, std::string_view block, std::size_t most = kFrame) {
  std::string text;
  char type = kHeadersType;
  do {
    const std::string_view piece = block.substr(0, most);
    block.remove_prefix(piece.size());
    int flags = type == kHeadersType ? kEndStream : 0;
    if (block.empty()) flags |= kEndHeaders;
    text += frameOf(type, static_cast<char>(flags), stream, piece);
    type = kContinuationType;
  } while (!block.empty());
  return text;
}

class LongFields : public testing::Test {
 protected:
  void SetUp() override { pair.settle(); }
  void send(const std::string& bytes) {
    pair.server().feed(asBytes(bytes));
    pair.loop().runOnce();
  }
  bool closed() { return pair.toClient().closed; }
  // Sends a request with a field that refers to the latest entry of the table; returns its value.
  std::string newest(unsigned stream) {
    send(blockOf(stream, kGetA + std::string(kNewest)));
    test::HeardRequest& last = pair.heard(pair.heardCount() - 1);
    const std::string value(last.request().headers.get("a").value_or("none"));
    if (!last.failed) last.answer(204);
    return value;
  }

  CodecPair pair;
};

TEST_F(LongFields, OneIsRefusedAndTheConnectionGoesOn) {
  unsigned stream = 1;
  std::size_t number = 0;
  for (const std::size_t size : {65'537UL, 70'000UL, 100'000UL, 1'000'000UL, 3'000'000UL}) {
    SCOPED_TRACE(size);
    send(blockOf(stream, kGetA + field(kUnindexed, "x-a", std::string(size, 'v'))));
    ASSERT_EQ(pair.heardCount(), number + 1);
    EXPECT_EQ(pair.heard(number).failed, ErrorCode::kTooLarge);
    send(blockOf(stream + 2, kGetA + field(kIndexed, "a", "b")));
    EXPECT_EQ(pair.heard(number + 1).request().headers.get("a"), "b");
    pair.heard(number + 1).answer(204);
    stream += 4;
    number += 2;
  }
  EXPECT_FALSE(closed());
}

TEST(LongField, IsRefusedWhateverThePieces) {
  const std::string block = kGetA + field(kIndexed, "a", "first") +
                            field(kUnindexed, std::string(66'000, 'n'), "short") +
                            field(kNeverIndexed, "x-b", std::string(70'001, '\xff'), true) +
                            field(kIndexed, "a", "second");
  const std::string bytes = blockOf(1, block) + blockOf(3, kGetA + std::string(kNewest));
  for (const std::size_t step : {1UL, 7UL, 4'096UL, 1'000'000UL}) {
    SCOPED_TRACE(step);
    CodecPair pair;
    pair.settle();
    for (std::size_t at = 0; at < bytes.size(); at += step)
      pair.server().feed(asBytes(std::string_view(bytes).substr(at, step)));
    pair.loop().runOnce();
    ASSERT_EQ(pair.heardCount(), 2U);
    EXPECT_EQ(pair.heard(0).failed, ErrorCode::kTooLarge);
    EXPECT_EQ(pair.heard(1).request().headers.get("a"), "second");
    EXPECT_FALSE(pair.toClient().closed);
    pair.heard(1).answer(204);
  }
}

// RFC 7541, 4.4: an entry larger than the table empties it; a literal without indexing does not.
TEST_F(LongFields, TheTableIsAsThePeerHasIt) {
  send(blockOf(1, kGetA + field(kIndexed, "a", "kept")));
  send(blockOf(3, kGetA + field(kUnindexed, "x-a", std::string(80'000, 'v'))));
  EXPECT_EQ(newest(5), "kept");
  send(blockOf(7, kGetA + field(kNeverIndexed, "x-a", std::string(80'000, 'v'))));
  EXPECT_EQ(newest(9), "kept");
  send(blockOf(
      11, kGetA + field(kIndexed, "x-a", std::string(80'000, 'v')) + field(kIndexed, "a", "new")));
  EXPECT_EQ(newest(13), "new");
  send(blockOf(15, kGetA + field(kIndexed, "x-a", std::string(80'000, 'v'))));
  EXPECT_FALSE(closed());
  send(blockOf(17, kGetA + std::string(kNewest)));  // the table is empty
  EXPECT_TRUE(closed());
}

TEST_F(LongFields, PaddingAndPriorityAreNoFields) {
  const std::string block = kGetA + field(kUnindexed, "x-a", std::string(70'000, 'v'));
  const std::string front = "\x03" + std::string(4, '\0') + "\x10";
  send(frameOf(kHeadersType, '\x29', 1, front + block.substr(0, 1000) + std::string(3, '\0')) +
       frameOf(kContinuationType, 0, 1, block.substr(1000, kFrame)) +
       frameOf(kContinuationType, 0, 1, block.substr(1000 + kFrame, kFrame)) +
       frameOf(kContinuationType, 0, 1, block.substr(1000 + 2 * kFrame, kFrame)) +
       frameOf(kContinuationType, 0, 1, block.substr(1000 + 3 * kFrame, kFrame)) +
       frameOf(kContinuationType, kEndHeaders, 1, block.substr(1000 + 4 * kFrame)));
  EXPECT_EQ(pair.heard(0).failed, ErrorCode::kTooLarge);
  EXPECT_EQ(newest(3), "none");
}

TEST_F(LongFields, OneThatBreaksOffEndsTheConnection) {
  const std::string block = kGetA + field(kUnindexed, "x-a", std::string(80'000, 'v'));
  send(blockOf(1, block.substr(0, block.size() - 1)));
  EXPECT_TRUE(closed());
}

TEST_F(LongFields, AnotherFrameAmidstEndsTheConnection) {
  const std::string block = kGetA + field(kUnindexed, "x-a", std::string(80'000, 'v'));
  const std::string frames = blockOf(1, block);
  send(frames.substr(0, 4 * (kFrame + FrameScanner::kHeaderBytes)) + blockOf(3, kGetA));
  EXPECT_TRUE(closed());
}

// Frames that end at each of these positions of the block, and then after every kFrame bytes.
std::string framesOf(std::string_view block, const std::vector<std::size_t>& ends) {
  std::string text;
  char type = kHeadersType;
  std::size_t at = 0;
  for (std::size_t i = 0; at < block.size(); ++i) {
    const std::size_t end = i < ends.size() ? ends[i] : std::min(at + kFrame, block.size());
    int flags = type == kHeadersType ? kEndStream : 0;
    if (end == block.size()) flags |= kEndHeaders;
    text += frameOf(type, static_cast<char>(flags), 1, block.substr(at, end - at));
    at = end;
    type = kContinuationType;
  }
  return text;
}

struct SplitField {
  std::string name;
  std::string value;
  bool huffman = false;
};

class SplitLength : public testing::TestWithParam<SplitField> {
 protected:
  static constexpr std::size_t kLongest = 5;  // bytes of a length here

  // A head with this field is refused, and the table for the next is as the peer has it.
  static void expectRefused(const std::string& block, const std::vector<std::size_t>& ends) {
    CodecPair pair;
    pair.settle();
    pair.server().feed(asBytes(framesOf(block, ends)));
    pair.server().feed(asBytes(blockOf(3, kGetA + std::string(kNewest))));
    pair.loop().runOnce();
    ASSERT_EQ(pair.heardCount(), 2U);
    EXPECT_EQ(pair.heard(0).failed, ErrorCode::kTooLarge);
    EXPECT_EQ(pair.heard(1).request().headers.get("a"), "second");
    EXPECT_FALSE(pair.toClient().closed);
    pair.heard(1).answer(204);
  }
};

TEST_P(SplitLength, IsReadWhereverAFrameEnds) {
  const SplitField& split = GetParam();
  const std::string block = kGetA + field(kIndexed, "a", "first") +
                            field(kUnindexed, split.name, split.value, split.huffman) +
                            field(kIndexed, "a", "second");
  const bool of_name = split.name.size() > split.value.size();
  const std::size_t length = kGetA.size() + field(kIndexed, "a", "first").size() + 1 +
                             (of_name ? 0 : 1 + split.name.size());
  for (std::size_t first = length; first <= length + kLongest; ++first) {
    expectRefused(block, {first});
    for (std::size_t second = first + 1; second <= length + kLongest; ++second) {
      SCOPED_TRACE(std::to_string(first - length) + " and " + std::to_string(second - length));
      expectRefused(block, {first, second});
    }
  }
  expectRefused(block, {length + 1, length + 2, length + 3, length + 4});
}

INSTANTIATE_TEST_SUITE_P(
    Fields, SplitLength,
    testing::Values(SplitField{.name = "x-a", .value = std::string(65'537, 'v')},
                    SplitField{.name = "x-a", .value = std::string(81'919, 'v')},
                    SplitField{.name = "x-a", .value = std::string(3'000'000, 'v')},
                    SplitField{
                        .name = "x-a", .value = std::string(70'000, '\xff'), .huffman = true},
                    SplitField{.name = std::string(70'001, 'n'), .value = "short"}));

TEST_F(LongFields, APathIsRefusedAlike) {
  for (const bool huffman : {false, true}) {
    const std::string front("\x82\x86\x04");  // the rest of :path follows
    const std::string block = front + sizeOf(70'000, huffman) + std::string(70'000, '\xff') +
                              std::string(
                                  "\x01\x01"
                                  "a");
    CodecPair other;
    other.settle();
    other.server().feed(asBytes(framesOf(block, {front.size() + 1})));
    other.loop().runOnce();
    ASSERT_EQ(other.heardCount(), 1U);
    EXPECT_EQ(other.heard().failed, ErrorCode::kTooLarge);
    EXPECT_FALSE(other.toClient().closed);
  }
}

// 127 and four groups that add nothing: more bytes than the length needs.
TEST_F(LongFields, AShortLengthInManyBytesEndsTheConnectionIfItIsSplit) {
  const std::string padded = "\x7f\x80\x80\x80\x80" + std::string(1, '\0');
  const std::string block = kGetA + std::string(kUnindexed) + sizeOf(3) + "x-a";
  send(blockOf(1, block + padded + std::string(127, 'v'), block.size() + padded.size()));
  EXPECT_FALSE(closed());
  EXPECT_EQ(pair.heard(0).request().headers.get("x-a"), std::string(127, 'v'));
  pair.heard(0).answer(204);
  send(blockOf(3, block + padded + std::string(127, 'v'), block.size() + padded.size() - 1));
  EXPECT_TRUE(closed());
}

// What is left of a string whose first length bytes are fixed may be smaller than a large table.
TEST_F(LongFields, OneThatDoesNotEmptyTheTableEndsTheConnection) {
  Options options;
  options.header_table = 60 * 1024;
  const std::string block = kGetA + field(kUnindexed, "x-a", std::string(65'537, 'v'));
  const std::size_t length = kGetA.size() + 5;
  for (const std::size_t known : {2UL, 3UL}) {
    CodecPair large(options);
    large.settle();
    large.server().feed(asBytes(framesOf(block, {length + known})));
    large.loop().runOnce();
    EXPECT_EQ(large.toClient().closed, known == 3);
  }
}

TEST_F(LongFields, TheLimitOfOtherHeadsStands) {
  Options options;
  options.limits.head_bytes = 1024 * 1024;
  CodecPair wide(options);
  wide.settle();
  wide.server().feed(
      asBytes(blockOf(1, kGetA + field(kUnindexed, "x-a", std::string(65'536, 'v')))));
  wide.server().feed(
      asBytes(blockOf(3, kGetA + field(kUnindexed, "x-a", std::string(65'537, 'v')))));
  wide.loop().runOnce();
  EXPECT_EQ(wide.heard(0).failed, std::nullopt);
  EXPECT_EQ(wide.heard(0).request().headers.get("x-a"), std::string(65'536, 'v'));
  EXPECT_EQ(wide.heard(1).failed, ErrorCode::kTooLarge);
}

TEST_F(LongFields, OneOfAnUpstreamFailsItsRequestAlone) {
  test::HeardResponse& first = pair.call(pair.get("/"));
  test::HeardResponse& second = pair.call(pair.get("/"));
  pair.settle();
  const std::string head =
      std::string(kStatus200) + field(kIndexed, "x-a", std::string(100'000, 'v'));
  const std::string frames =
      blockOf(1, head) + blockOf(3, std::string(kStatus200) + field(kIndexed, "a", "b"));
  for (std::size_t at = 0; at < frames.size(); at += 5'000)
    pair.client().feed(asBytes(std::string_view(frames).substr(at, 5'000)));
  EXPECT_EQ(first.failed, ErrorCode::kTooLarge);
  EXPECT_FALSE(first.head);
  EXPECT_EQ(second.failed, std::nullopt);
  EXPECT_TRUE(second.ended);
  EXPECT_EQ(second.response().headers.get("a"), "b");
}

}  // namespace
}  // namespace weir::http::h2
