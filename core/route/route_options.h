#pragma once

#include <optional>

#include "core/base/clock.h"
#include "core/route/path.h"

// The parts of [[route]] that requests follow as they are written.
namespace weir::route {

// What is not configured has the role's default; zero means no limit.
struct Timeouts {
  std::optional<Milliseconds> request;  // from the end of the request to the end of the response
  std::optional<Milliseconds> per_try;
  std::optional<Milliseconds> idle;  // of a stream on which nothing moves
};

// What becomes of the path of a route's requests. Routes are matched by its normal form (path.h),
// whatever is said here.
struct PathPolicy {
  std::optional<ReservedEscapes> reserved_escapes;  // nothing: as the listener says
  bool normalize = true;                            // false: forwarded as it was received
};

}  // namespace weir::route
