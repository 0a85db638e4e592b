#pragma once

#include <array>
#include <string_view>

#include "core/base/clock.h"

namespace weir::http {

// The text of a Date header, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7), formatted anew only
// when the second changes.
class DateText {
 public:
  // `now`: wall-clock time since 1970. The text is valid until the next call.
  std::string_view at(Nanoseconds now);
  std::string_view latest() const { return {text_.data(), text_.size()}; }  // of the latest call

 private:
  std::array<char, 29> text_{};
  std::chrono::seconds second_{-1};
};

}  // namespace weir::http
