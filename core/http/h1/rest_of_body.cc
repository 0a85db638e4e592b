#include "core/http/h1/rest_of_body.h"

#include <algorithm>

namespace weir::http::h1 {

RestOfBody::Event RestOfBody::next(Bytes& input) {
  if (!in_chunks_) return nextOfLength(input);
  const std::size_t before = input.size();
  Event event = Event::kNeedMore;
  while (event == Event::kNeedMore && !input.empty()) {
    const ChunkReader::Event read = chunks_.next(input);
    if (read == ChunkReader::Event::kFailed) event = Event::kFailed;
    if (read == ChunkReader::Event::kLast) event = nextOfTrailers(input);
  }
  taken_ += before - input.size();
  return taken_ > kMostBytes ? Event::kFailed : event;
}

RestOfBody::Event RestOfBody::nextOfLength(Bytes& input) {
  const std::size_t now = std::min<std::uint64_t>(length_, input.size());
  input = input.subspan(now);
  length_ -= now;
  return length_ == 0 ? Event::kEnd : Event::kNeedMore;
}

// Reads up to an empty line. A bare CR or LF within a line ends the connection here, too.
RestOfBody::Event RestOfBody::nextOfTrailers(Bytes& input) {
  while (!input.empty()) {
    const char c = input[0];
    input = input.subspan(1);
    const bool returned = line_ == Line::kReturn || line_ == Line::kLastReturn;
    if (returned != (c == '\n')) return Event::kFailed;
    if (line_ == Line::kLastReturn) return Event::kEnd;
    if (returned) {
      line_ = Line::kStart;
    } else if (c == '\r') {
      line_ = line_ == Line::kStart ? Line::kLastReturn : Line::kReturn;
    } else {
      line_ = Line::kWithin;
    }
  }
  return Event::kNeedMore;
}

}  // namespace weir::http::h1
