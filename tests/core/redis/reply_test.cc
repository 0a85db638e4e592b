#include "core/redis/reply.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "core/redis/command.h"

namespace weir::redis {
namespace {

using Kind = Reply::Kind;
using Outcome = ReplyReader::Outcome;

Outcome readAll(ReplyReader& reader, std::string_view text, std::size_t piece = 1) {
  Outcome outcome = Outcome::kMore;
  while (!text.empty() && outcome == Outcome::kMore) {
    const std::string_view now = text.substr(0, piece);
    Bytes bytes = asBytes(now);
    outcome = reader.read(bytes);
    text.remove_prefix(now.size() - bytes.size());
  }
  return text.empty() || outcome == Outcome::kInvalid ? outcome : Outcome::kInvalid;
}

Outcome outcomeOf(std::string_view text) {
  ReplyReader reader;
  return readAll(reader, text);
}

TEST(ReplyReader, ReadsEachKindInPiecesOfAnySize) {
  const std::string_view text =
      "*6\r\n+OK\r\n-ERR no\r\n:-42\r\n$5\r\na\r\nb\r\r\n$-1\r\n*2\r\n$0\r\n\r\n*0\r\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    ReplyReader reader;
    ASSERT_EQ(readAll(reader, text, piece), Outcome::kComplete) << piece;
    const Reply& reply = reader.reply();
    ASSERT_EQ(reply.size(), 9U);
    EXPECT_EQ(reply.kind(), Kind::kArray);
    EXPECT_EQ(reply.integer(), 6);
    EXPECT_EQ(reply.text(1), "OK");
    EXPECT_EQ(reply.kind(2), Kind::kError);
    EXPECT_EQ(reply.text(2), "ERR no");
    EXPECT_EQ(reply.integer(3), -42);
    EXPECT_EQ(reply.text(4), "a\r\nb\r");
    EXPECT_EQ(reply.kind(5), Kind::kNull);
    EXPECT_EQ(reply.integer(6), 2);
    EXPECT_EQ(reply.kind(7), Kind::kText);
    EXPECT_EQ(reply.text(7), "");
    EXPECT_EQ(reply.kind(8), Kind::kArray);
  }
}

TEST(ReplyReader, ReadsOneReplyAfterTheOther) {
  ReplyReader reader;
  Bytes bytes = asBytes(":1\r\n*1\r\n:2\r\n+x\r\n:");
  std::vector<std::int64_t> numbers;
  while (reader.read(bytes) == Outcome::kComplete) {
    numbers.push_back(reader.reply().integer(reader.reply().size() - 1));
  }
  EXPECT_EQ(numbers, (std::vector<std::int64_t>{1, 2, 0}));
  EXPECT_TRUE(bytes.empty());
  bytes = asBytes("7\r\n");
  ASSERT_EQ(reader.read(bytes), Outcome::kComplete);
  EXPECT_EQ(reader.reply().integer(), 7);
}

TEST(ReplyReader, RefusesWhatIsNoReply) {
  for (const std::string_view text :
       {"\r\n", "x\r\n", ":\r\n", ":1 \r\n", ":--1\r\n", ":99999999999999999999\r\n", "$-2\r\n",
        "$x\r\n", "*-2\r\n", "+a\n", "$1\r\nab\r\n", "$1\r\na\n\n",
        "HTTP/1.1 400 Bad Request\r\n"}) {
    EXPECT_EQ(outcomeOf(text), Outcome::kInvalid) << text;
  }
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

TEST(ReplyReader, LimitsTheSizeOfAReply) {
  const auto text = [](std::size_t size) {
    return "$" + std::to_string(size) + "\r\n" + std::string(size, 'x') + "\r\n";
  };
  EXPECT_EQ(outcomeOf(text(ReplyReader::kMostBytes)), Outcome::kComplete);
  EXPECT_EQ(outcomeOf(text(ReplyReader::kMostBytes + 1)), Outcome::kInvalid);
  EXPECT_EQ(outcomeOf("*2\r\n" + text(ReplyReader::kMostBytes) + text(1)), Outcome::kInvalid);
  EXPECT_EQ(outcomeOf("+" + std::string(ReplyReader::kMostBytes, 'x')), Outcome::kInvalid);
}

TEST(ReplyReader, LimitsTheValuesAndTheDepthOfAReply) {
  const std::size_t most = ReplyReader::kMostValues - 1;
  EXPECT_EQ(outcomeOf("*" + std::to_string(most) + "\r\n" + repeated(":1\r\n", most)),
            Outcome::kComplete);
  EXPECT_EQ(outcomeOf("*" + std::to_string(most + 1) + "\r\n" + repeated(":1\r\n", most + 1)),
            Outcome::kInvalid);
  EXPECT_EQ(outcomeOf("*99999999999\r\n"), Outcome::kInvalid);
  EXPECT_EQ(outcomeOf(repeated("*1\r\n", ReplyReader::kMostDepth) + ":1\r\n"), Outcome::kComplete);
  EXPECT_EQ(outcomeOf(repeated("*1\r\n", ReplyReader::kMostDepth + 1) + ":1\r\n"),
            Outcome::kInvalid);
}

TEST(Reply, IsAnErrorWithACode) {
  ReplyReader reader;
  Bytes bytes = asBytes("-NOSCRIPT No matching script\r\n");
  ASSERT_EQ(reader.read(bytes), Outcome::kComplete);
  EXPECT_TRUE(reader.reply().isError("NOSCRIPT"));
  EXPECT_FALSE(reader.reply().isError("NO"));
  EXPECT_FALSE(reader.reply().isError("NOSCRIPTS"));
  bytes = asBytes("+NOSCRIPT\r\n");
  ASSERT_EQ(reader.read(bytes), Outcome::kComplete);
  EXPECT_FALSE(reader.reply().isError("NOSCRIPT"));
}

TEST(Reply, IsAListOfIntegers) {
  const auto is_two = [](std::string_view text) {
    ReplyReader reader;
    Bytes bytes = asBytes(text);
    return reader.read(bytes) == Outcome::kComplete && reader.reply().isIntegers(2);
  };
  EXPECT_TRUE(is_two("*2\r\n:1\r\n:2\r\n"));
  EXPECT_FALSE(is_two("*1\r\n:1\r\n"));
  EXPECT_FALSE(is_two("*2\r\n:1\r\n+x\r\n"));
  EXPECT_FALSE(is_two("*2\r\n:1\r\n*1\r\n:1\r\n"));
  EXPECT_FALSE(is_two(":2\r\n"));
}

TEST(Command, StatesTheLengthOfEachWord) {
  std::string out = "x";
  const std::string_view words[] = {"SET", "a\r\nb", ""};
  appendCommand(out, words);
  EXPECT_EQ(out, "x*3\r\n$3\r\nSET\r\n$4\r\na\r\nb\r\n$0\r\n\r\n");
}

}  // namespace
}  // namespace weir::redis
