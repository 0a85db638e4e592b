#pragma once

#include <cstdint>

namespace weir::http {

// How large the head of a message may be; trailers may be the same again.
struct Limits {
  std::uint32_t head_bytes = 32 * 1024;  // start line and headers together
  std::uint32_t target_bytes = 8 * 1024;
  std::uint32_t headers = 100;

  friend bool operator==(const Limits&, const Limits&) = default;
};

}  // namespace weir::http
