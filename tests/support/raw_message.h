#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::test {

enum class RawFraming { kNone, kLength, kChunked, kUntilClose };

struct RawField {
  std::string name;  // in lower case
  std::string value;
};

// A message of HTTP/1.1 as it stands on the wire. Read by the letter of RFC 9112 and independently
// of the parser under test: whatever is not exactly as it must be is a fault.
struct RawMessage {
  std::string start_line;
  std::vector<RawField> fields;
  RawFraming framing = RawFraming::kNone;
  std::string body;  // without its chunks
  std::vector<RawField> trailers;
  bool has_head = false;
  bool whole = false;
  std::string fault;  // empty: none so far

  std::optional<std::string> value(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  int status() const;  // of a response; 0 when there is none
};

// Takes the first message from the front of `bytes`; the rest of it stays.
RawMessage takeRequest(std::string_view& bytes);

struct RawAnswer {
  bool to_head = false;
  bool closed = false;  // the connection ended behind `bytes`
};
RawMessage takeResponse(std::string_view& bytes, RawAnswer answer);

}  // namespace weir::test
