#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/bytes.h"

namespace weir::http::h1 {

// Parses a chunked body strictly (RFC 9112, 7.1). Extensions are validated and discarded. A value
// type: a copy continues at the position of the original.
class ChunkReader {
 public:
  enum class Event : std::uint8_t {
    kNeedMore,
    kData,  // see data()
    kLast,  // the trailer section follows
    kFailed,
  };

  // Consumes `input` up to the next event. kNeedMore leaves it empty.
  Event next(Bytes& input);
  Bytes data() const { return data_; }               // of kData; valid as long as the input
  std::string_view fault() const { return fault_; }  // of kFailed
  std::uint64_t extensionBytes() const { return extension_bytes_; }  // of all chunks so far

 private:
  enum class State : std::uint8_t {
    kSize,        // before its first digit
    kDigits,      // after a digit of the size
    kBlank,       // white space after the size or a value: an extension must follow
    kNameStart,   // after a semicolon
    kName,        // within an extension's name
    kNameBlank,   // white space after a name
    kValueStart,  // after an equals sign
    kToken,       // within an unquoted value
    kQuoted,      // within quotes
    kEscaped,     // after a backslash within quotes
    kQuotedEnd,   // after the closing quote
    kLineFeed,    // before the LF of a size's line
    kData,        // within a chunk's data
    kDataReturn,  // before the CR after a chunk
    kDataFeed,    // and its LF
    kLast,
    kFailed,
  };

  bool take(char c);
  bool takeDigit(char c);
  bool takeInExtension(char c);
  bool takeAfter(char c, State blank);
  bool takeNameStart(char c);
  bool takeAfterName(char c);
  bool takeValueStart(char c);
  bool takeQuoted(char c);
  bool goTo(State state) {
    state_ = state;
    return true;
  }
  bool fail(std::string_view fault);

  Bytes data_;
  std::string_view fault_;
  std::uint64_t remaining_ = 0;  // bytes of the chunk, or its size as read so far
  std::uint64_t extension_bytes_ = 0;
  State state_ = State::kSize;
};

}  // namespace weir::http::h1
