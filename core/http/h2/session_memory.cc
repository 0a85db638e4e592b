#include "core/http/h2/session_memory.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace weir::http::h2 {
namespace {

// NOLINTBEGIN(cppcoreguidelines-no-malloc): nghttp2 requires realloc.

template <typename Allocate>
void* allocateOrRelease(const Allocate& allocate) {
  void* room = allocate();
  while (room == nullptr) [[unlikely]] {
      const std::new_handler release = std::get_new_handler();
      if (release == nullptr) return nullptr;
      release();
      room = allocate();
    }
  return room;
}

void* allocateBytes(std::size_t size, void*) {
  return allocateOrRelease([=] { return std::malloc(size); });
}
void* allocateZeroes(std::size_t count, std::size_t size, void*) {
  return allocateOrRelease([=] { return std::calloc(count, size); });
}
void* reallocateBytes(void* room, std::size_t size, void*) {
  // realloc(3) with a size of 0 would free `room` and return null.
  const std::size_t bytes = std::max<std::size_t>(size, 1);
  return allocateOrRelease([=] { return std::realloc(room, bytes); });
}
void freeBytes(void* room, void*) { std::free(room); }

// NOLINTEND(cppcoreguidelines-no-malloc)

}  // namespace

nghttp2_mem* sessionMemory() {
  // nghttp2 copies it.
  static nghttp2_mem memory{nullptr, allocateBytes, freeBytes, allocateZeroes, reallocateBytes};
  return &memory;
}

}  // namespace weir::http::h2
