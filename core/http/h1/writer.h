#pragma once

#include "core/base/arena.h"
#include "core/base/bytes.h"
#include "core/http/message.h"

// Serializes messages as HTTP/1.1, always from the parsed form.
namespace weir::http::h1 {

// Request line, Host, headers and framing. The text lies in `arena`.
Bytes writeRequestHead(const Request& request, Arena& arena);

struct ResponseFraming {
  bool chunked = false;
  bool close = false;        // Connection: close
  bool keep_alive = false;   // Connection: keep-alive, for an HTTP/1.0 client
  bool omit_length = false;  // a response without a body or a length (1xx, 204, HEAD, tunnels)
};
Bytes writeResponseHead(const Response& response, const ResponseFraming& framing, Arena& arena);

// Writes "1f4\r\n", for a chunk of that size, to `into`.
inline constexpr std::size_t kMaxChunkLine = 18;
Bytes writeChunkLine(std::size_t bytes, char (&into)[kMaxChunkLine]);

// The end of a chunked body, with its trailers.
Bytes writeLastChunk(const Headers* trailers, Arena& arena);

}  // namespace weir::http::h1
