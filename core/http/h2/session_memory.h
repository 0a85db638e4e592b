#pragma once

struct nghttp2_option;
struct nghttp2_session;
struct nghttp2_session_callbacks;

namespace weir::http::h2 {

// As nghttp2_session_server_new2(3), with another allocator: like operator new, it calls the new
// handler when an allocation fails, which releases the memory reserve of the process
// (event::keepMemoryReserve).
int makeServerSession(nghttp2_session** session, const nghttp2_session_callbacks* callbacks,
                      void* user_data, const nghttp2_option* option);
// The same for nghttp2_session_client_new2(3).
int makeClientSession(nghttp2_session** session, const nghttp2_session_callbacks* callbacks,
                      void* user_data, const nghttp2_option* option);

}  // namespace weir::http::h2
