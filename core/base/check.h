#pragma once

namespace weir {

// Prints the expression with its place and aborts.
[[noreturn]] void checkFailed(const char* expression, const char* file, int line);

}  // namespace weir

// For what cannot happen unless weir itself is wrong; on in every build.
#define WEIR_CHECK(expression) \
  ((expression) ? void() : ::weir::checkFailed(#expression, __FILE__, __LINE__))
