#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/clock.h"

namespace weir::access_log {

// How untrusted bytes are escaped, so that a line stays one line and its values stay separate.
enum class Escape : std::uint8_t {
  kJson,   // inside a JSON string: always valid UTF-8, U+FFFD for invalid bytes
  kPlain,  // \" and \\, and \xHH for all bytes below 32 and above 126
};

// Writes one line into a bounded piece of memory. Truncates it if necessary, and records that.
class Line {
 public:
  // Values of more than `value_limit` bytes after escaping end in "...".
  Line(std::span<char> room, std::size_t value_limit, Escape escape)
      : start_(room.data()),
        at_(room.data()),
        end_(room.data() + room.size()),
        value_limit_(value_limit),
        escape_(escape) {}

  void raw(std::string_view text);  // trusted text, without escaping
  void number(std::uint64_t number);
  void seconds(Nanoseconds duration);  // with six digits after the point
  void time(Nanoseconds wall_clock);   // 2026-01-31T23:59:59.123456Z

  // A value may be written in several pieces.
  void beginValue();
  void value(std::string_view piece);
  void endValue();

  bool overflowed() const { return overflowed_; }
  std::size_t size() const { return static_cast<std::size_t>(at_ - start_); }

 private:
  void put(std::string_view escaped);  // everything or, over the limit, nothing from then on
  // Copies as many plain bytes from the front as fit; returns their number.
  std::size_t putPlain(std::string_view piece);
  // Escapes the front of a piece, which is not empty; returns the number of bytes consumed.
  std::size_t putJson(std::string_view piece);
  std::size_t putHex(std::string_view piece);
  void digits(std::uint64_t number, std::size_t width);

  char* const start_;
  char* at_;
  char* const end_;
  const std::size_t value_limit_;
  const Escape escape_;
  char* value_end_ = nullptr;
  bool value_cut_ = false;
  bool overflowed_ = false;
};

}  // namespace weir::access_log
