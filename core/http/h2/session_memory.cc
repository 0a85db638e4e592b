#include "core/http/h2/session_memory.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include <nghttp2/nghttp2.h>

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

// NOLINTEND(cppcoreguidelines-no-malloc): see above

// nghttp2 copies it.
nghttp2_mem allocator() {
  return {nullptr, allocateBytes, freeBytes, allocateZeroes, reallocateBytes};
}

}  // namespace

int makeServerSession(nghttp2_session** session, const nghttp2_session_callbacks* callbacks,
                      void* user_data, const nghttp2_option* option) {
  nghttp2_mem memory = allocator();
  return nghttp2_session_server_new3(session, callbacks, user_data, option, &memory);
}

int makeClientSession(nghttp2_session** session, const nghttp2_session_callbacks* callbacks,
                      void* user_data, const nghttp2_option* option) {
  nghttp2_mem memory = allocator();
  return nghttp2_session_client_new3(session, callbacks, user_data, option, &memory);
}

}  // namespace weir::http::h2
