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

// An HTTP/1.1 message on the wire. Parsed strictly by RFC 9112 and independently of the parser
// under test: every deviation is a fault.
struct RawMessage {
  std::string start_line;
  std::vector<RawField> fields;
  RawFraming framing = RawFraming::kNone;
  std::string body;  // without chunk framing
  std::vector<RawField> trailers;
  bool has_head = false;
  bool whole = false;
  std::string fault;  // empty: valid so far

  std::optional<std::string> value(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  int status() const;  // of a response; otherwise 0
};

// Removes the first message from the front of `bytes`.
RawMessage takeRequest(std::string_view& bytes);

struct RawAnswer {
  bool to_head = false;
  bool closed = false;  // the connection ended after `bytes`
};
RawMessage takeResponse(std::string_view& bytes, RawAnswer answer);

}  // namespace weir::test
