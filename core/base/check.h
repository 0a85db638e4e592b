#pragma once

namespace weir {

// Prints the expression with its location and aborts.
[[noreturn]] void checkFailed(const char* expression, const char* file, int line);

}  // namespace weir

// For conditions that only a bug in weir can violate; enabled in every build.
#define WEIR_CHECK(expression) \
  ((expression) ? void() : ::weir::checkFailed(#expression, __FILE__, __LINE__))
