#pragma once

#include <optional>
#include <string_view>

#include "core/base/clock.h"

namespace weir::http {

// What the values of Cache-Control of a response say about its reuse (RFC 9111, 5.2.2).
struct CacheControl {
  bool no_store = false;
  bool no_cache = false;
  bool is_private = false;
  // The least one if there are several. A malformed one counts as 0 (RFC 9111, 4.2.1).
  std::optional<Milliseconds> max_age = {};

  void add(std::string_view value);  // of one line of the header
};

}  // namespace weir::http
