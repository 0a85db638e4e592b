#include "core/event/system_error.h"

#include <uv.h>

namespace weir::event {
namespace {

ErrorCode codeOf(int code) {
  switch (code) {
    case UV_EOF:
      return ErrorCode::kClosed;
    case UV_ECONNRESET:
    case UV_EPIPE:
    case UV_ECONNABORTED:
      return ErrorCode::kReset;
    case UV_ECONNREFUSED:
    case UV_ENOENT:
      return ErrorCode::kRefused;
    case UV_EHOSTUNREACH:
    case UV_ENETUNREACH:
    case UV_EADDRNOTAVAIL:
      return ErrorCode::kUnreachable;
    case UV_ETIMEDOUT:
      return ErrorCode::kTimeout;
    case UV_ECANCELED:
      return ErrorCode::kCancelled;
    case UV_EMFILE:
    case UV_ENFILE:
    case UV_ENOMEM:
    case UV_ENOBUFS:
      return ErrorCode::kExhausted;
    default:
      return ErrorCode::kSystem;
  }
}

}  // namespace

Error errorOf(int code) { return {codeOf(code), Origin::kLocal, uv_strerror(code)}; }

}  // namespace weir::event
