#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "core/base/arena.h"

namespace weir {

// A string that grows in an arena. Other allocations may happen in between.
class ArenaString {
 public:
  ArenaString(Arena& arena, std::size_t expected_bytes) : arena_(arena) { take(expected_bytes); }

  void append(std::string_view text) {
    char* const to = extend(text.size());
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
  }
  void append(char c) { *extend(1) = c; }
  // Room for `bytes` more; giveBack() returns the unused part.
  char* extend(std::size_t bytes) {
    if (bytes > static_cast<std::size_t>(end_ - at_)) [[unlikely]]
      grow(bytes);
    char* const to = at_;
    at_ += bytes;
    return to;
  }
  void giveBack(char* used_end) { at_ = used_end; }

  std::size_t size() const { return static_cast<std::size_t>(at_ - start_); }
  std::string_view finish() {
    arena_.giveBack(at_, end_);
    end_ = at_;
    return {start_, size()};
  }

 private:
  void take(std::size_t bytes) {
    start_ = arena_.allocate(bytes);
    at_ = start_;
    end_ = start_ + bytes;
  }
  void grow(std::size_t bytes) {
    const std::string_view old(start_, size());
    take(std::max(2 * old.size(), old.size() + bytes));
    append(old);
  }

  Arena& arena_;
  char* start_ = nullptr;
  char* at_ = nullptr;
  char* end_ = nullptr;
};

}  // namespace weir
