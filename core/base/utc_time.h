#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"

namespace weir {

// A point in time, such as "2027-01-31T18:00:00Z". Always in UTC.
struct UtcTime {
  Nanoseconds since_epoch{0};
  bool operator==(const UtcTime&) const = default;
  // A time before 1970, or after 2262, becomes the nearest one that there is.
  static std::optional<UtcTime> parse(std::string_view text);
  std::string text() const;         // in whole seconds
  std::string preciseText() const;  // in milliseconds
};

}  // namespace weir
