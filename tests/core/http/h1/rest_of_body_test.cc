#include "core/http/h1/rest_of_body.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace weir::http::h1 {
namespace {

using Event = RestOfBody::Event;

// The result of reading, the same for all pieces, and the bytes left after the end.
struct Outcome {
  Event event = Event::kNeedMore;
  std::string left;
};

Outcome read(RestOfBody rest, std::string_view bytes, std::size_t step) {
  while (!bytes.empty()) {
    Bytes piece = asBytes(bytes.substr(0, step));
    const std::size_t size = piece.size();
    const Event event = rest.next(piece);
    bytes.remove_prefix(size - piece.size());
    if (event != Event::kNeedMore) return {event, std::string(bytes)};
    EXPECT_TRUE(piece.empty());
  }
  return {};
}

void expectEnd(const RestOfBody& rest, std::string_view bytes, Event event,
               std::string_view left = {}) {
  for (const std::size_t step : {bytes.size(), std::size_t{1}, std::size_t{3}}) {
    const Outcome outcome = read(rest, bytes, step);
    EXPECT_EQ(outcome.event, event) << bytes;
    if (event == Event::kEnd) {
      EXPECT_EQ(outcome.left, left) << bytes;
    }
  }
}

TEST(RestOfBody, OfALengthIsThatLong) {
  expectEnd(RestOfBody(5), "helloGET", Event::kEnd, "GET");
  expectEnd(RestOfBody(6), "hello", Event::kNeedMore);
}

TEST(RestOfBody, OfNothingIsOverAtOnce) {
  RestOfBody rest(0);
  Bytes none;
  EXPECT_EQ(rest.next(none), Event::kEnd);
}

TEST(RestOfBody, OfChunksEndsBehindTheTrailers) {
  const RestOfBody rest{ChunkReader()};
  expectEnd(rest, "0\r\n\r\nGET", Event::kEnd, "GET");
  expectEnd(rest, "2;a=\"\r\r\"\r\n", Event::kFailed);
  expectEnd(rest, "2\r\nhi\r\n0\r\nA: 1\r\nB: 2\r\n\r\nGET", Event::kEnd, "GET");
  expectEnd(rest, "2\r\nhi\r\n0\r\nA: 1\r\n", Event::kNeedMore);
}

TEST(RestOfBody, GoesOnAmidAChunk) {
  ChunkReader chunks;
  Bytes begin = asBytes("5\r\nhe");
  ASSERT_EQ(chunks.next(begin), ChunkReader::Event::kData);
  expectEnd(RestOfBody(chunks), "llo\r\n0\r\n\r\nGET", Event::kEnd, "GET");
}

TEST(RestOfBody, ABareLineEndIsAFailure) {
  const RestOfBody rest{ChunkReader()};
  for (const std::string_view bytes :
       {"2\nhi", "2\r\nhi\n0", "0\r\n\n", "0\r\nA: 1\n\r\n", "0\r\nA: 1\rB", "0\r\n\rx"}) {
    expectEnd(rest, bytes, Event::kFailed);
  }
}

TEST(RestOfBody, OfChunksHasALimit) {
  RestOfBody rest{ChunkReader()};
  const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  Event event = Event::kNeedMore;
  std::size_t taken = 0;
  for (; event == Event::kNeedMore && taken < 2 * RestOfBody::kMostBytes; taken += chunk.size()) {
    Bytes piece = asBytes(chunk);
    event = rest.next(piece);
  }
  EXPECT_EQ(event, Event::kFailed);
  EXPECT_GT(taken, RestOfBody::kMostBytes);
}

}  // namespace
}  // namespace weir::http::h1
