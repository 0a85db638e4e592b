#include "core/http/h2/session_memory.h"

#include <nghttp2/nghttp2.h>

#include "core/base/memory.h"

namespace weir::http::h2 {
namespace {

SessionMemory& memoryOf(void* user) { return *static_cast<SessionMemory*>(user); }

void* allocateBytes(std::size_t size, void* user) { return memoryOf(user).allocate(size); }
void* allocateZeroes(std::size_t count, std::size_t size, void* user) {
  return memoryOf(user).lists().allocateZeroes(count, size);
}
void* reallocateBytes(void* memory, std::size_t size, void* user) {
  return memoryOf(user).resize(memory, size);
}
void freeBytes(void* memory, void* user) { memoryOf(user).giveBack(memory); }

}  // namespace

void SessionMemory::releaseFrames() {
  if (frames_ != nullptr) releasePages(frames_, frame_bytes_);
}

int makeSession(nghttp2_session** session, Side side, const SessionParts& parts) {
  // nghttp2 copies it.
  nghttp2_mem memory = {&parts.memory, allocateBytes, freeBytes, allocateZeroes, reallocateBytes};
  const auto make =
      side == Side::kServer ? nghttp2_session_server_new3 : nghttp2_session_client_new3;
  return make(session, parts.callbacks, parts.user_data, parts.option, &memory);
}

}  // namespace weir::http::h2
