#pragma once

#include "core/base/free_lists.h"

struct nghttp2_option;
struct nghttp2_session;
struct nghttp2_session_callbacks;

namespace weir::http::h2 {

enum class Side : unsigned char { kServer, kClient };

struct SessionParts {
  const nghttp2_session_callbacks* callbacks;
  void* user_data;
  const nghttp2_option* option;
  FreeLists& memory;  // outlives the session
};

// As nghttp2_session_server_new2(3) and nghttp2_session_client_new2(3), with another allocator.
int makeSession(nghttp2_session** session, Side side, const SessionParts& parts);

}  // namespace weir::http::h2
