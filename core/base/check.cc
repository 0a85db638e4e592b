#include "core/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace weir {

void checkFailed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "weir: check failed: %s at %s:%d\n", expression, file, line);
  std::abort();
}

}  // namespace weir
