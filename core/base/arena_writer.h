#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string_view>

#include "core/base/arena.h"
#include "core/base/short_text.h"

namespace weir {

// Writes a text, piece by piece, into memory of an arena. `room` is an upper bound of its size; the
// unused rest is given back.
class ArenaWriter {
 public:
  ArenaWriter(Arena& arena, std::size_t room)
      : arena_(arena), start_(arena.allocate(room)), at_(start_), end_(start_ + room) {}
  ArenaWriter(const ArenaWriter&) = delete;
  ArenaWriter& operator=(const ArenaWriter&) = delete;

  [[gnu::always_inline]] ArenaWriter& put(std::string_view text) {
    at_ = putText(at_, text);
    return *this;
  }
  // A literal: the compiler knows its length.
  template <std::size_t kSize>
  ArenaWriter& put(const char (&text)[kSize]) {
    std::memcpy(at_, text, kSize - 1);
    at_ += kSize - 1;
    return *this;
  }
  ArenaWriter& put(char c) {
    *at_++ = c;
    return *this;
  }
  // Calls `write(at)`, which writes to `at` and returns the end. In a loop this keeps the position
  // in a register: bytes written may otherwise be those of the position.
  template <typename Write>
  ArenaWriter& with(Write write) {
    at_ = write(at_);
    return *this;
  }
  ArenaWriter& number(std::uint64_t value) {
    at_ = std::to_chars(at_, end_, value).ptr;
    return *this;
  }
  // The complete text; call it last.
  std::string_view text() {
    arena_.giveBack(at_, end_);
    return {start_, static_cast<std::size_t>(at_ - start_)};
  }

 private:
  Arena& arena_;
  char* const start_;
  char* at_;
  char* const end_;
};

// The texts of `parts` one after the other, in the arena.
inline std::string_view joined(Arena& arena, std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  ArenaWriter out(arena, size);
  for (const std::string_view part : parts) out.put(part);
  return out.text();
}

}  // namespace weir
