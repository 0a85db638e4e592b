#pragma once

#include <optional>

#include "core/base/clock.h"
#include "core/route/path.h"

// The parts of [[route]] that are used as configured.
namespace weir::route {

// Values that are not configured have the role's default; zero means no limit.
struct Timeouts {
  std::optional<Milliseconds> request;  // from the end of the request to the end of the response
  std::optional<Milliseconds> per_try;
  std::optional<Milliseconds> idle;  // without progress on a stream
};

// Handling of the path of a route's requests. Routes always match the normal form (path.h),
// whatever these settings are.
struct PathPolicy {
  std::optional<ReservedEscapes> reserved_escapes;  // empty: as the listener
  bool normalize = true;                            // false: forwarded as received
};

}  // namespace weir::route
