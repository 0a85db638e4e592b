#pragma once

#include <cstdint>

#include "core/base/bytes.h"
#include "core/http/h1/chunk_reader.h"

namespace weir::http::h1 {

// The rest of a request's body, which is read and discarded because the response is already
// complete, so that the connection can carry the next request. Does not need the exchange, which
// has ended.
class RestOfBody {
 public:
  // Closing the connection is cheaper than reading more.
  static constexpr std::uint64_t kMostBytes = 1024 * 1024;

  enum class Event : std::uint8_t { kNeedMore, kEnd, kFailed };  // kFailed: malformed or too long

  explicit RestOfBody(std::uint64_t length) : length_(length) {}
  explicit RestOfBody(const ChunkReader& chunks) : chunks_(chunks), in_chunks_(true) {}

  // Bytes still expected, as far as known.
  std::uint64_t known() const { return length_; }
  // Consumes `input` from its front. kNeedMore leaves it empty.
  Event next(Bytes& input);

 private:
  // The position in the trailer section, of which only the end matters.
  enum class Line : std::uint8_t { kStart, kWithin, kReturn, kLastReturn };

  Event nextOfLength(Bytes& input);
  Event nextOfTrailers(Bytes& input);

  std::uint64_t length_ = 0;  // still expected
  ChunkReader chunks_;
  std::uint64_t taken_ = 0;
  bool in_chunks_ = false;
  Line line_ = Line::kStart;
};

}  // namespace weir::http::h1
