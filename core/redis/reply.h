#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"

namespace weir::redis {

// A reply of a server. The elements of an array follow it, each before its own elements.
class Reply {
 public:
  enum class Kind : std::uint8_t { kStatus, kError, kInteger, kText, kNull, kArray };

  // Number of values, including arrays. There is at least one.
  std::size_t size() const { return values_.size(); }
  Kind kind(std::size_t at = 0) const { return values_[at].kind; }
  // Of an integer, or the number of an array's elements; otherwise 0.
  std::int64_t integer(std::size_t at = 0) const { return values_[at].number; }
  // Of a status, an error or a text.
  std::string_view text(std::size_t at = 0) const {
    const std::string_view all = text_;
    return all.substr(values_[at].begin, values_[at].size);
  }
  // Whether it is an error whose first word is `code`, such as "NOSCRIPT".
  bool isError(std::string_view code) const;
  // Whether it is an array of `count` integers and nothing else.
  bool isIntegers(std::size_t count) const;

 private:
  friend class ReplyReader;
  struct Value {
    Kind kind = Kind::kNull;
    std::int64_t number = 0;
    std::size_t begin = 0;  // in text_, as is the next
    std::size_t size = 0;
  };

  std::vector<Value> values_;
  std::string text_;
};

// Reads replies in the protocol RESP2, from pieces of any size. Each byte is read once, and a reply
// is limited in size, values and depth. Allocates nothing once it has read a reply of this size.
class ReplyReader {
 public:
  static constexpr std::size_t kMostBytes = 64_KiB;  // without the lengths
  static constexpr std::size_t kMostValues = 1024;
  static constexpr std::size_t kMostDepth = 8;

  enum class Outcome : std::uint8_t {
    kMore,      // all bytes have been read
    kComplete,  // reply() is valid until the next call
    kInvalid,   // call nothing any more
  };
  // Reads from the front of `bytes`, and removes what it has read.
  Outcome read(Bytes& bytes);
  const Reply& reply() const { return reply_; }

 private:
  void begin();
  Outcome readLine(Bytes& bytes);
  Outcome readText(Bytes& bytes);
  Outcome onLine();
  Outcome onLength(std::int64_t number);
  Outcome onElements(std::int64_t number);
  Outcome add(const Reply::Value& value);
  bool keep(std::string_view text);

  Reply reply_;
  std::string line_;               // the line so far
  std::vector<std::size_t> open_;  // elements that are missing, of each array that is open
  std::size_t text_left_ = 0;      // of a text, its CRLF included
  bool in_text_ = false;
  bool complete_ = true;
};

}  // namespace weir::redis
