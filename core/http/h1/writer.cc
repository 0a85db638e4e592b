#include "core/http/h1/writer.h"

#include <charconv>

#include "core/base/arena_writer.h"
#include "core/base/short_text.h"

namespace weir::http::h1 {
namespace {

// Room for the start line, framing fields and their fixed text.
constexpr std::size_t kFixedBytes = 320;

std::size_t sizeOf(const Headers& headers) {
  std::size_t bytes = 0;
  for (const Header& field : headers) bytes += field.name.size() + field.value.size() + 4;
  return bytes;
}

void putField(ArenaWriter& pen, std::string_view name, std::string_view value) {
  pen.put(name).put(": ").put(value).put("\r\n");
}

void putFields(ArenaWriter& pen, const Headers& headers) {
  pen.with([&](char* at) {
    for (const Header& each : headers) {
      at = putLiteral(putText(at, each.name), ": ");
      at = putLiteral(putText(at, each.value), "\r\n");
    }
    return at;
  });
}

// With the space after it. A status has three digits (RFC 9112, 4).
void putStatus(ArenaWriter& pen, int status) {
  const auto digit = [](int value) { return static_cast<char>('0' + value % 10); };
  pen.put(digit(status / 100)).put(digit(status / 10)).put(digit(status)).put(' ');
}

// Methods that usually have a body: without a length a server may wait for one (RFC 9112, 6.3).
bool expectsBody(Method method) {
  return method == Method::kPost || method == Method::kPut || method == Method::kPatch;
}

void putRequestFraming(ArenaWriter& pen, const Request& request) {
  if (request.body == BodyKind::kLength) {
    pen.put("content-length: ").number(request.content_length).put("\r\n");
  } else if (request.body == BodyKind::kStream) {
    pen.put("transfer-encoding: chunked\r\n");
  } else if (request.body == BodyKind::kNone && expectsBody(request.method)) {
    pen.put("content-length: 0\r\n");
  }
  if (request.expects_continue) pen.put("expect: 100-continue\r\n");
  if (!request.upgrade.empty()) {
    pen.put("connection: upgrade\r\n");
    putField(pen, "upgrade", request.upgrade);
  } else if (request.accepts_trailers) {
    pen.put("connection: te\r\nte: trailers\r\n");
  }
}

// For a 101 or 426.
void putUpgrade(ArenaWriter& pen, const Response& response, const ResponseFraming& framing) {
  pen.put("connection: upgrade");
  if (framing.close) {
    pen.put(", close");
  } else if (framing.keep_alive) {
    pen.put(", keep-alive");
  }
  pen.put("\r\n");
  putField(pen, "upgrade", response.upgrade);
}

void putResponseFraming(ArenaWriter& pen, const Response& response,
                        const ResponseFraming& framing) {
  if (framing.chunked) {
    pen.put("transfer-encoding: chunked\r\n");
  } else if (response.has_content_length || response.body == BodyKind::kLength) {
    pen.put("content-length: ").number(response.content_length).put("\r\n");
  } else if (response.body == BodyKind::kNone && !framing.omit_length) {
    pen.put("content-length: 0\r\n");
  }
  if (!response.upgrade.empty()) {
    putUpgrade(pen, response, framing);
  } else if (framing.close) {
    pen.put("connection: close\r\n");
  } else if (framing.keep_alive) {
    pen.put("connection: keep-alive\r\n");
  }
}

}  // namespace

Bytes writeRequestHead(const Request& request, Arena& arena) {
  ArenaWriter pen(arena, kFixedBytes + sizeOf(request.headers) + request.method_text.size() +
                             request.path.size() + request.query.size() +
                             2 * request.authority.size() + request.upgrade.size());
  pen.put(request.method_text).put(' ');
  if (request.method == Method::kConnect) {
    pen.put(request.authority);
  } else {
    pen.put(request.path);
    if (request.has_query) pen.put('?').put(request.query);
  }
  pen.put(" HTTP/1.1\r\nhost: ").put(request.authority).put("\r\n");
  putFields(pen, request.headers);
  putRequestFraming(pen, request);
  return asBytes(pen.put("\r\n").text());
}

Bytes writeResponseHead(const Response& response, const ResponseFraming& framing, Arena& arena) {
  const std::string_view phrase = phraseFor(response.status);
  ArenaWriter pen(arena,
                  kFixedBytes + sizeOf(response.headers) + phrase.size() + response.upgrade.size());
  pen.put("HTTP/1.1 ");
  putStatus(pen, response.status);
  pen.put(phrase).put("\r\n");
  putFields(pen, response.headers);
  putResponseFraming(pen, response, framing);
  return asBytes(pen.put("\r\n").text());
}

Bytes writeChunkLine(std::size_t bytes, char (&into)[kMaxChunkLine]) {
  char* end = std::to_chars(into, into + kMaxChunkLine - 2, bytes, 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  return {into, end};
}

Bytes writeLastChunk(const Headers* trailers, Arena& arena) {
  if (trailers == nullptr || trailers->empty()) return asBytes("0\r\n\r\n");
  ArenaWriter pen(arena, sizeOf(*trailers) + 8);
  pen.put("0\r\n");
  putFields(pen, *trailers);
  return asBytes(pen.put("\r\n").text());
}

}  // namespace weir::http::h1
