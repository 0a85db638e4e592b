#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/clock.h"

namespace weir::filter {

struct Link;

// What became of a head at one filter.
struct Step {
  enum class Outcome : std::uint8_t { kNotReached, kSkipped, kProceeds, kWaits, kReplies };

  Outcome outcome = Outcome::kNotReached;
  Nanoseconds began{0};  // by the monotonic clock; 0: not reached
  Nanoseconds ended{0};  // includes the time for which it waited
};

std::string_view toString(Step::Outcome outcome);

// The steps of the filters of one exchange, for somebody who watches it. In its arena.
struct Steps {
  struct OfFilter {
    const Link* link = nullptr;
    Step request;
    Step response;
  };
  OfFilter* filters = nullptr;  // in the order of requests
  std::size_t size = 0;
};

}  // namespace weir::filter
