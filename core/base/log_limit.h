#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/clock.h"

namespace weir::log {

// Limits the lines of one kind, so that peers cannot fill the log: a burst of ten, then one per
// second. Suppressed lines are counted, and the next line contains the count.
class Limit {
 public:
  // `line`, with the count of lines suppressed before it; empty if this line is suppressed, too.
  std::string admit(std::string_view line, Milliseconds now) {
    room_ = std::min(room_ + (now - last_), kRoom);
    last_ = now;
    if (room_ < kEach) {
      ++omitted_;
      return {};
    }
    room_ -= kEach;
    std::string text(line);
    if (omitted_ > 0) text += " (" + std::to_string(omitted_) + " more like this before)";
    omitted_ = 0;
    return text;
  }

 private:
  static constexpr Milliseconds kEach{1'000};
  static constexpr Milliseconds kRoom{10'000};

  Milliseconds room_ = kRoom;
  Milliseconds last_{0};
  std::uint64_t omitted_ = 0;
};

}  // namespace weir::log
