#include "core/http/grpc_frame.h"

#include <string>

#include <gtest/gtest.h>

namespace weir::http {
namespace {

using Event = GrpcFrameReader::Event;

std::string frame(std::string_view message, char flag = 0) {
  std::string text(grpcPrefix(message.size()).data(), kGrpcPrefix);
  text[0] = flag;
  return text.append(message);
}

// The messages of a body that arrives in pieces of `step` bytes, each followed by a comma.
std::string read(std::string_view body, std::size_t step, std::size_t limit = 100) {
  GrpcFrameReader reader(limit);
  std::string messages;
  for (std::size_t at = 0; at < body.size(); at += step) {
    Bytes piece = asBytes(body.substr(at, step));
    Event event = Event::kMessage;
    while ((event = reader.next(piece)) == Event::kMessage) {
      messages.append(asText(reader.message())) += ",";
    }
    if (event != Event::kNeedMore) return messages + "failed";
  }
  return messages + (reader.complete() ? "" : "more");
}

TEST(GrpcFrame, ThePrefixHoldsTheLength) {
  const auto prefix = grpcPrefix(0x01020304);
  EXPECT_EQ(std::string(prefix.data(), prefix.size()), std::string("\0\1\2\3\4", 5));
}

TEST(GrpcFrame, MessagesAreFoundInAnyPieces) {
  const std::string body = frame("first") + frame("") + frame("the second");
  EXPECT_EQ(read(body, body.size()), "first,,the second,");
  EXPECT_EQ(read(body, 1), "first,,the second,");
  EXPECT_EQ(read(body, 2), "first,,the second,");
  EXPECT_EQ(read(body, 7), "first,,the second,");
}

TEST(GrpcFrame, AMessageInOnePieceIsNotCopied) {
  const std::string body = frame("first");
  GrpcFrameReader reader(100);
  Bytes piece = asBytes(body);
  ASSERT_EQ(reader.next(piece), Event::kMessage);
  EXPECT_EQ(reader.message().data(), body.data() + kGrpcPrefix);
}

TEST(GrpcFrame, AnUnfinishedMessageIsNotComplete) {
  EXPECT_EQ(read(frame("first").substr(0, 7), 3), "more");
  EXPECT_EQ(read(frame("first").substr(0, 2), 3), "more");
}

TEST(GrpcFrame, TheLimitIsInclusive) {
  EXPECT_EQ(read(frame("12345"), 4, 5), "12345,");
  EXPECT_EQ(read(frame("a") + frame("123456"), 4, 5), "a,failed");
}

TEST(GrpcFrame, CompressedAndInvalidMessagesAreRefused) {
  const std::string compressed = frame("x", 1);
  Bytes piece = asBytes(compressed);
  EXPECT_EQ(GrpcFrameReader(100).next(piece), Event::kCompressed);
  const std::string invalid = frame("x", 2);
  piece = asBytes(invalid);
  EXPECT_EQ(GrpcFrameReader(100).next(piece), Event::kInvalid);
}

}  // namespace
}  // namespace weir::http
