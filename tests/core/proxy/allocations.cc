#include "tests/core/proxy/allocations.h"

namespace weir::test {
namespace {

std::size_t& counter() {
  static thread_local std::size_t count = 0;
  return count;
}

}  // namespace

std::size_t allocations() { return counter(); }

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

// The functions of the C library, whose names are redefined here.
extern "C" void* libcMalloc(std::size_t bytes) __asm__("__libc_malloc");
extern "C" void* libcCalloc(std::size_t count, std::size_t bytes) __asm__("__libc_calloc");
extern "C" void* libcRealloc(void* old, std::size_t bytes) __asm__("__libc_realloc");

extern "C" void* malloc(std::size_t bytes) {
  ++counter();
  return libcMalloc(bytes);
}

extern "C" void* calloc(std::size_t count, std::size_t bytes) {
  ++counter();
  return libcCalloc(count, bytes);
}

extern "C" void* realloc(void* old, std::size_t bytes) {
  ++counter();
  return libcRealloc(old, bytes);
}

#endif

}  // namespace weir::test
