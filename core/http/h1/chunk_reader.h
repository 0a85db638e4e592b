#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/bytes.h"

namespace weir::http::h1 {

// Takes a chunked body apart, strictly (RFC 9112, 7.1). Extensions are read by their grammar and
// dropped. A value: a copy goes on from where the original stands.
class ChunkReader {
 public:
  enum class Event : std::uint8_t {
    kNeedMore,
    kData,  // see data()
    kLast,  // what follows is the trailer section
    kFailed,
  };

  // Takes from the front of `input` up to the next event. kNeedMore leaves it empty.
  Event next(Bytes& input);
  Bytes data() const { return data_; }               // of kData; valid as long as the input
  std::string_view fault() const { return fault_; }  // of kFailed
  std::uint64_t extensionBytes() const { return extension_bytes_; }  // of all chunks so far

 private:
  enum class State : std::uint8_t {
    kSize,        // its first digit
    kDigits,      // more of them, or what ends them
    kBlank,       // white space behind the size or a value: an extension must follow
    kNameStart,   // behind a semicolon
    kName,        // of an extension
    kNameBlank,   // white space behind a name
    kValueStart,  // behind an equals sign
    kToken,       // an unquoted value
    kQuoted,      // within quotes
    kEscaped,     // behind a backslash within quotes
    kQuotedEnd,   // behind the closing quotes
    kLineFeed,    // at the end of a size's line
    kData,        // of a chunk
    kDataReturn,  // the CR behind a chunk
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
  std::uint64_t remaining_ = 0;  // of the chunk, or its size so far
  std::uint64_t extension_bytes_ = 0;
  State state_ = State::kSize;
};

}  // namespace weir::http::h1
