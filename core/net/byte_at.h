#pragma once

#include <cstddef>
#include <string_view>

namespace weir::net {

// A byte of a message, unsigned.
inline unsigned byteAt(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

}  // namespace weir::net
