#pragma once

#include <cstddef>

#include "core/base/free_lists.h"

struct nghttp2_option;
struct nghttp2_session;
struct nghttp2_session_callbacks;

namespace weir::http::h2 {

enum class Side : unsigned char { kServer, kClient };

// The memory of one session of nghttp2. It knows the buffer in which frames are serialized, which
// is most of the memory of an idle session.
class SessionMemory {
 public:
  explicit SessionMemory(FreeLists& lists) : lists_(lists) {}

  void* allocate(std::size_t bytes) { return noted(lists_.allocate(bytes), bytes); }
  void* resize(void* memory, std::size_t bytes) {
    forget(memory);
    return noted(lists_.resize(memory, bytes), bytes);
  }
  void giveBack(void* memory) {
    forget(memory);
    lists_.giveBack(memory);
  }
  FreeLists& lists() { return lists_; }

  // Returns the frame buffer's pages to the system until they are used again. No frame may be in
  // it.
  void releaseFrames();

 private:
  static constexpr std::size_t kFrameBytes = 16 * 1024;

  // The first piece of that size is the frame buffer: the session is made with it.
  void* noted(void* memory, std::size_t bytes) {
    if (bytes >= kFrameBytes && frames_ == nullptr) [[unlikely]] {
      frames_ = memory;
      frame_bytes_ = bytes;
    }
    return memory;
  }
  void forget(const void* memory) {
    if (memory == frames_) frames_ = nullptr;
  }

  FreeLists& lists_;
  void* frames_ = nullptr;
  std::size_t frame_bytes_ = 0;
};

struct SessionParts {
  const nghttp2_session_callbacks* callbacks;
  void* user_data;
  const nghttp2_option* option;
  SessionMemory& memory;  // outlives the session
};

// As nghttp2_session_server_new2(3) and nghttp2_session_client_new2(3), with another allocator.
int makeSession(nghttp2_session** session, Side side, const SessionParts& parts);

}  // namespace weir::http::h2
