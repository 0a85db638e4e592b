#pragma once

#include <cstdint>

#include "core/base/bytes.h"
#include "core/http/h1/chunk_reader.h"

namespace weir::http::h1 {

// The end of a request's body that is read and dropped, since its answer is out already, so that
// the connection can carry the next request. Needs nothing of the exchange, which is gone.
class RestOfBody {
 public:
  // More than this is not worth a connection.
  static constexpr std::uint64_t kMostBytes = 1024 * 1024;

  enum class Event : std::uint8_t { kNeedMore, kEnd, kFailed };  // failed: broken, or too much

  explicit RestOfBody(std::uint64_t length) : length_(length) {}
  explicit RestOfBody(const ChunkReader& chunks) : chunks_(chunks), in_chunks_(true) {}

  // Bytes that are still to come, as far as that is known.
  std::uint64_t known() const { return length_; }
  // Takes from the front of `input`. kNeedMore leaves it empty.
  Event next(Bytes& input);

 private:
  // Within the trailer section, of which only the end matters.
  enum class Line : std::uint8_t { kStart, kWithin, kReturn, kLastReturn };

  Event nextOfLength(Bytes& input);
  Event nextOfTrailers(Bytes& input);

  std::uint64_t length_ = 0;  // still to come
  ChunkReader chunks_;
  std::uint64_t taken_ = 0;
  bool in_chunks_ = false;
  Line line_ = Line::kStart;
};

}  // namespace weir::http::h1
