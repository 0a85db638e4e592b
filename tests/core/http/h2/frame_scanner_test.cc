#include "core/http/h2/frame_scanner.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::http::h2 {
namespace {

using testing::ElementsAre;
using testing::Pair;

// "pre", then a frame of type 1 on stream 3 with two bytes, and an empty one of type 0 on stream 7.
const std::string kBytes("pre\0\0\2\1\0\0\0\0\3ab\0\0\0\0\1\x80\0\0\7", 23);

std::vector<std::pair<int, int>> scan(std::size_t step, std::string& pieces) {
  FrameScanner scanner(3);
  std::vector<std::pair<int, int>> headers;
  for (std::size_t at = 0; at < kBytes.size(); at += step) {
    Bytes bytes = asBytes(std::string_view(kBytes).substr(at, step));
    while (!bytes.empty()) {
      const FrameScanner::Piece piece = scanner.next(bytes);
      pieces += asText(piece.bytes);
      if (piece.header) headers.emplace_back(piece.header->type, piece.header->stream);
    }
  }
  return headers;
}

TEST(FrameScanner, FindsHeadersWhateverThePieces) {
  for (std::size_t step = 1; step <= kBytes.size(); ++step) {
    std::string pieces;
    EXPECT_THAT(scan(step, pieces), ElementsAre(Pair(1, 3), Pair(0, 7))) << step;
    EXPECT_EQ(pieces, kBytes) << step;
  }
}

TEST(FrameScanner, APieceIsOfOneFrame) {
  FrameScanner scanner(3);
  Bytes bytes = asBytes(kBytes);
  EXPECT_EQ(scanner.next(bytes).bytes.size(), 3U);
  EXPECT_EQ(scanner.next(bytes).bytes.size(), 11U);
  EXPECT_EQ(scanner.next(bytes).bytes.size(), 9U);
  EXPECT_TRUE(bytes.empty());
}

}  // namespace
}  // namespace weir::http::h2
