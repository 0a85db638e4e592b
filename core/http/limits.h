#pragma once

#include <cstdint>

namespace weir::http {

// Size limits of a message's head; its trailers may be as large again.
struct Limits {
  std::uint32_t head_bytes = 32 * 1024;  // start line and headers together
  std::uint32_t target_bytes = 8 * 1024;
  std::uint32_t headers = 100;

  friend bool operator==(const Limits&, const Limits&) = default;
};

}  // namespace weir::http
