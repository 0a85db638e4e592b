#pragma once

#include <string>
#include <string_view>

#include "core/base/lower_case.h"

// The plain text for the comparison of expected and actual messages.
namespace weir::conformance {

inline std::string line(std::string_view name, std::string_view value) {
  return "  " + lowerCase(name) + ": " + std::string(value) + "\n";
}

// Fields that the codecs write; the description expresses them in words.
inline bool isFraming(std::string_view name) {
  return name == "host" || name == "content-length" || name == "transfer-encoding" ||
         name == "connection" || name == "te" || name == "expect" || name == "upgrade" ||
         name == "keep-alive";
}

}  // namespace weir::conformance
