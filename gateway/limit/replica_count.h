#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/base/clock.h"

namespace weir::gateway {

// The number of instances among which limits are divided, as a discovery lists them. More of them
// count at once. Fewer count after kHold, because an instance that is not listed for a moment, such
// as during a restart, still admits requests.
class ReplicaCount {
 public:
  static constexpr Milliseconds kHold{10'000};
  static constexpr std::size_t kMost = 1'000'000;

  std::uint32_t value() const { return value_; }
  // `listed`: instances that are listed at this time; 0: not known. Returns whether value() has
  // changed.
  bool update(std::size_t listed, Milliseconds now) {
    const auto count = static_cast<std::uint32_t>(std::min(listed, kMost));
    if (count == 0 || count == value_) {
      fewer_since_.reset();
      return false;
    }
    if (count < value_) {
      if (!fewer_since_) fewer_since_ = now;
      if (now - *fewer_since_ < kHold) return false;
    }
    fewer_since_.reset();
    value_ = count;
    return true;
  }

 private:
  std::uint32_t value_ = 1;
  std::optional<Milliseconds> fewer_since_;
};

}  // namespace weir::gateway
