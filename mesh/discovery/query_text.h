#pragma once

#include <array>
#include <string>
#include <string_view>

#include "core/http/escapes.h"

namespace weir::mesh {

// A part of a path or query: everything but letters, digits and "-._~" is percent-encoded.
inline std::string queryText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (http::isUnreserved(c)) {
      out += c;
    } else {
      std::array<char, 3> escape{};
      http::writeEscape(c, escape.data());
      out.append(escape.data(), escape.size());
    }
  }
  return out;
}

}  // namespace weir::mesh
